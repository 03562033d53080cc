from setuptools import setup, find_packages

VERSION = '3.2.1'

setup(
    name='old-timer',
    version=VERSION,
    description='Tells the time',
    author='A. Maker',
    author_email='maker@example.org',
    long_description=open('README.md').read(),
    packages=find_packages(),
    python_requires='>=3.9',
    classifiers=['License :: OSI Approved :: MIT License', 'Programming Language :: Python :: 3'],
    extras_require={'more': ['tiny-words']},
    entry_points={'console_scripts': ['old-timer = old_timer.cli:run']},
)
