//! Reading archives back with other people's readers.

use std::io::Read as _;
use std::path::Path;

use fs_err as fs;

/// Returns the members of a wheel in order.
pub(crate) fn wheel(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let mut data = Vec::new();
            file.read_to_end(&mut data).unwrap();
            (file.name().unwrap().into_owned(), data)
        })
        .collect()
}

/// Returns the members of an sdist in order, each with its mode.
pub(crate) fn sdist(path: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let file = fs::File::open(path).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let members = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.mtime().unwrap(), crate::project::SOURCE_DATE);
        let mode = header.mode().unwrap();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), mode, data)
    });
    members.collect()
}

/// Returns the text of a member.
pub(crate) fn text(members: &[(String, Vec<u8>)], name: &str) -> String {
    let found = members.iter().find(|(path, _)| path == name);
    String::from_utf8(found.unwrap_or_else(|| panic!("no member {name}")).1.clone()).unwrap()
}
