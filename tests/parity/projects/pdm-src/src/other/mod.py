no package
