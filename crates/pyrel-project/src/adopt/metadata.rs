//! What is known of a project, gathered from whichever file says it; the first that says something counts.

use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{PackageName, Requirement, Version};

use super::layout::Declared;

/// A person; at least one of both is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// What a file says about a project.
#[derive(Debug, Clone, Default)]
pub(super) struct Metadata {
    pub(super) name: Option<PackageName>,
    pub(super) version: Option<Version>,
    pub(super) description: Option<String>,
    pub(super) readme: Option<String>,
    pub(super) requires_python: Option<SpecifierSet>,
    /// The licence in whatever words.
    pub(super) license: Option<String>,
    pub(super) authors: Vec<Person>,
    pub(super) maintainers: Vec<Person>,
    pub(super) keywords: Vec<String>,
    pub(super) classifiers: Vec<String>,
    pub(super) urls: Vec<(String, String)>,
    pub(super) dependencies: Vec<Requirement>,
    pub(super) extras: Vec<(String, Vec<Requirement>)>,
    pub(super) groups: Vec<(String, Vec<Requirement>)>,
    /// Console scripts: name and `module:function`.
    pub(super) scripts: Vec<(String, String)>,
    pub(super) gui_scripts: Vec<(String, String)>,
    /// Other entry points, by group.
    pub(super) entry_points: Vec<(String, Vec<(String, String)>)>,
    pub(super) declared: Declared,
}

impl Metadata {
    /// Takes from another description what this one lacks.
    pub(super) fn fill_from(&mut self, other: Self) {
        fn one<T>(own: &mut Option<T>, other: Option<T>) {
            if own.is_none() {
                *own = other;
            }
        }
        fn many<T>(own: &mut Vec<T>, other: Vec<T>) {
            if own.is_empty() {
                *own = other;
            }
        }
        one(&mut self.name, other.name);
        one(&mut self.version, other.version);
        one(&mut self.description, other.description);
        one(&mut self.readme, other.readme);
        one(&mut self.requires_python, other.requires_python);
        one(&mut self.license, other.license);
        many(&mut self.authors, other.authors);
        many(&mut self.maintainers, other.maintainers);
        many(&mut self.keywords, other.keywords);
        many(&mut self.classifiers, other.classifiers);
        many(&mut self.urls, other.urls);
        many(&mut self.extras, other.extras);
        many(&mut self.scripts, other.scripts);
        many(&mut self.gui_scripts, other.gui_scripts);
        many(&mut self.entry_points, other.entry_points);
        if self.declared == Declared::default() {
            self.declared = other.declared;
        }
        self.add_dependencies(other.dependencies);
        for (group, requirements) in other.groups {
            self.add_group(&group, requirements);
        }
    }

    /// Adds dependencies that are not named yet.
    pub(super) fn add_dependencies(&mut self, requirements: Vec<Requirement>) {
        add_new(&mut self.dependencies, requirements);
    }

    /// Adds to a dependency group what it does not name yet.
    pub(super) fn add_group(&mut self, group: &str, requirements: Vec<Requirement>) {
        let at = self.groups.iter().position(|(name, _)| name == group);
        let at = at.unwrap_or_else(|| {
            self.groups.push((group.to_owned(), Vec::new()));
            self.groups.len() - 1
        });
        add_new(&mut self.groups[at].1, requirements);
    }
}

/// Adds requirements of projects that the list does not name yet; those that come together stay together.
fn add_new(list: &mut Vec<Requirement>, new: Vec<Requirement>) {
    let known: Vec<PackageName> = list.iter().map(|one| one.name.clone()).collect();
    list.extend(new.into_iter().filter(|one| !known.contains(&one.name)));
}

/// Reads `Name <address>`, a name, or an address.
pub(super) fn person(text: &str) -> Person {
    let (name, email) = match text.split_once('<') {
        Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches('>').trim()),
        None if text.contains('@') && !text.contains(' ') => ("", text.trim()),
        None => (text.trim(), ""),
    };
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Person { name: some(name), email: some(email) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_says_something_counts() {
        let requirement = |text: &str| text.parse::<Requirement>().unwrap();
        let mut own = Metadata { description: Some("own".into()), ..Metadata::default() };
        own.dependencies = vec![requirement("a>=1")];
        let other = Metadata {
            description: Some("other".into()),
            version: Some("1.0".parse().unwrap()),
            dependencies: vec![
                requirement("A==2"),
                requirement("b; os_name == 'x'"),
                requirement("b; os_name == 'y'"),
            ],
            groups: vec![("dev".into(), vec![requirement("c")])],
            ..Metadata::default()
        };
        own.fill_from(other);
        assert_eq!((own.description.as_deref(), own.version.is_some()), (Some("own"), true));
        assert_eq!(own.dependencies.len(), 3);
        assert_eq!(own.groups.len(), 1);
    }

    #[test]
    fn people_have_names_or_addresses() {
        let of = |text: &str| {
            let person = person(text);
            (person.name, person.email)
        };
        assert_eq!(of("A B <a@example.org>"), (Some("A B".into()), Some("a@example.org".into())));
        assert_eq!(of("a@example.org"), (None, Some("a@example.org".into())));
        assert_eq!(of("A B"), (Some("A B".into()), None));
    }
}
