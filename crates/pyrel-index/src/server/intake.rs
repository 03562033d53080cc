//! Takes an upload off the wire: the file goes to disk as it comes and is hashed on the way, text fields stay
//! in memory up to a limit. Judges nothing.

use std::io;
use std::path::{Path, PathBuf};

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use blake2::Blake2b;
use blake2::digest::consts::U32;
use fs_err::tokio as fs;
use md5::Md5;
use pyrel_model::{Blake2b256, Sha256};
use sha2::Digest as _;
use tokio::io::AsyncWriteExt as _;

/// The most that all text fields may have together, in bytes.
const TEXT_LIMIT: usize = 32 * 1024 * 1024;
/// The most fields that a form may have.
const FIELD_LIMIT: usize = 20_000;
/// Bytes of a file that are kept; PyPI's limit. One more is what tells that it is exceeded.
pub(super) const FILE_LIMIT: u64 = 100 * 1024 * 1024;
/// Bytes of a file that are read at all, so that a client that is over the limit still hears why.
const DRAIN_LIMIT: u64 = 4 * 1024 * 1024 * 1024;

/// An upload as it came.
#[derive(Debug, Default)]
pub(super) struct Received {
    /// Text fields in the order sent.
    pub(super) fields: Vec<(String, String)>,
    /// Names of fields that came as files although they are none.
    pub(super) stray_files: Vec<String>,
    /// The file.
    pub(super) content: Option<Content>,
}

/// The file of an upload.
#[derive(Debug)]
pub(super) struct Content {
    /// Where it is, under a name of no meaning.
    pub(super) path: PathBuf,
    /// The name that the client gave.
    pub(super) filename: String,
    /// The media type that the client gave; absent is plain text.
    pub(super) media: String,
    pub(super) size: u64,
    pub(super) sha256: Sha256,
    pub(super) blake2b: Blake2b256,
    pub(super) md5: String,
}

/// Why an upload could not be taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum IntakeError {
    /// The body is no form, or it broke off.
    #[error("the upload is no complete multipart form")]
    Form(#[from] MultipartError),
    /// The form is larger than any.
    #[error("the form is too large")]
    TooLarge,
    /// The disk refused.
    #[error("the upload could not be stored")]
    Io(#[from] io::Error),
}

/// Reads a form to its end. Of a file that is over the limit only the size is right.
pub(super) async fn receive(mut form: Multipart, dir: &Path) -> Result<Received, IntakeError> {
    let mut received = Received::default();
    let mut text = 0;
    let mut parts = 0;
    while let Some(mut field) = form.next_field().await? {
        parts += 1;
        if parts > FIELD_LIMIT {
            return Err(IntakeError::TooLarge);
        }
        let name = field.name().unwrap_or_default().to_owned();
        let filename = field.file_name().unwrap_or_default().to_owned();
        if filename.is_empty() {
            let value = read_text(&mut field, &mut text).await?;
            received.fields.push((name, value));
        } else if name == "content" {
            let path = dir.join(format!("content-{parts}"));
            if let Some(earlier) = received.content.replace(store(field, path, filename).await?) {
                fs::remove_file(&earlier.path).await?;
            }
        } else {
            drain(&mut field).await?;
            if name != "gpg_signature" {
                received.stray_files.push(name);
            }
        }
    }
    Ok(received)
}

async fn read_text(field: &mut Field<'_>, total: &mut usize) -> Result<String, IntakeError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        *total += chunk.len();
        if *total > TEXT_LIMIT {
            return Err(IntakeError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn drain(field: &mut Field<'_>) -> Result<(), IntakeError> {
    let mut size = 0;
    while let Some(chunk) = field.chunk().await? {
        size += chunk.len() as u64;
        if size > FILE_LIMIT {
            return Err(IntakeError::TooLarge);
        }
    }
    Ok(())
}

async fn store(mut field: Field<'_>, path: PathBuf, filename: String) -> Result<Content, IntakeError> {
    let media = field.content_type().unwrap_or("text/plain").to_owned();
    let mut file = fs::File::create(&path).await?;
    let mut size = 0;
    let (mut sha256, mut blake2b, mut md5) = (sha2::Sha256::new(), Blake2b::<U32>::new(), Md5::new());
    while let Some(chunk) = field.chunk().await? {
        size += chunk.len() as u64;
        if size > DRAIN_LIMIT {
            return Err(IntakeError::TooLarge);
        }
        if size <= FILE_LIMIT {
            sha256.update(&chunk);
            blake2b.update(&chunk);
            md5.update(&chunk);
            file.write_all(&chunk).await?;
        }
    }
    file.flush().await?;
    Ok(Content {
        path,
        filename,
        media,
        size,
        sha256: Sha256::new(sha256.finalize().into()),
        blake2b: Blake2b256::new(blake2b.finalize().into()),
        md5: md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}
