//! The frame of a multipart upload: everything before the file's bytes and everything after them, with the
//! exact length known beforehand. Holds no file bytes.

use bytes::Bytes;
use pyrel_model::Sha256;

/// A `multipart/form-data` body around one file.
#[derive(Debug, Clone)]
pub(crate) struct Framing {
    boundary: String,
    head: Bytes,
    tail: Bytes,
}

impl Framing {
    /// Frames text fields and the file part `content`, which comes last.
    ///
    /// The boundary is derived from the file's hash, so that neither the file nor a field can contain it.
    pub(crate) fn new(fields: &[(String, String)], filename: &str, sha256: &Sha256) -> Self {
        let boundary = format!("pyrel-{}", &sha256.to_hex()[..48]);
        let mut head = String::new();
        for (name, value) in fields {
            head.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n",
                quoted(name)
            ));
        }
        head.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            quoted(filename)
        ));
        let tail = format!("\r\n--{boundary}--\r\n");
        Self { boundary, head: head.into(), tail: tail.into() }
    }

    /// Returns the value of the `Content-Type` header.
    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Returns the bytes before the file.
    pub(crate) fn head(&self) -> Bytes {
        self.head.clone()
    }

    /// Returns the bytes after the file.
    pub(crate) fn tail(&self) -> Bytes {
        self.tail.clone()
    }

    /// Returns the length of the whole body around a file of `size` bytes.
    pub(crate) fn length(&self, size: u64) -> u64 {
        size + self.head.len() as u64 + self.tail.len() as u64
    }
}

/// Escapes a parameter of `Content-Disposition` as HTML forms do.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_that_of_the_parts() {
        let fields =
            [("name".to_owned(), "dëmo".to_owned()), (":action".to_owned(), "file_upload".to_owned())];
        let framing = Framing::new(&fields, "a\"b\n.whl", &Sha256::new([7; 32]));
        let head = String::from_utf8(framing.head().to_vec()).unwrap();
        assert_eq!(framing.length(5), (head.len() + 5 + framing.tail().len()) as u64);
        assert!(head.contains("name=\"name\"\r\n\r\ndëmo\r\n--pyrel-0707"));
        assert!(head.contains("filename=\"a%22b%0A.whl\"\r\nContent-Type: application/octet-stream\r\n\r\n"));
        assert!(framing.content_type().len() < 110);
    }
}
