//! The body of an upload: frame and file as a stream that hashes what it sends. A file that turns out to be
//! another one than was checked breaks the stream before its end, so that no index can take it.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use fs_err::tokio as fs;
use futures_util::stream::{self, Stream};
use pyrel_model::Sha256;
use sha2::Digest as _;
use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;

use super::upload_file::UploadFile;
use crate::wire::Framing;

/// How much is read at once; all that an upload holds in memory besides its form.
const CHUNK: usize = 128 * 1024;

/// Why a stream broke off.
#[derive(Debug)]
pub(super) enum Fault {
    /// The bytes are not the ones that were checked.
    Changed(String),
    /// The file cannot be read.
    Io(io::Error),
}

/// Where the stream leaves its fault for the one who sent it.
///
/// Shared, because the connection may hold on to the stream for a moment after the request has failed.
pub(super) type FaultSlot = Arc<Mutex<Option<Fault>>>;

struct Sender {
    path: PathBuf,
    size: u64,
    expected: Sha256,
    framing: Framing,
    sent: u64,
    hasher: sha2::Sha256,
    progress: watch::Sender<u64>,
    fault: FaultSlot,
}

enum State {
    Head(Sender),
    File(Sender, fs::File),
    Done,
}

/// Returns the body as a stream. `progress` hears how many bytes of the file were handed to the connection.
pub(super) fn stream(
    file: &UploadFile,
    framing: &Framing,
    progress: watch::Sender<u64>,
    fault: FaultSlot,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let sender = Sender {
        path: file.path().to_path_buf(),
        size: file.size(),
        expected: *file.sha256(),
        framing: framing.clone(),
        sent: 0,
        hasher: sha2::Sha256::new(),
        progress,
        fault,
    };
    stream::try_unfold(State::Head(sender), step)
}

async fn step(state: State) -> io::Result<Option<(Bytes, State)>> {
    match state {
        State::Head(sender) => {
            let file = match fs::File::open(&sender.path).await {
                Ok(file) => file,
                Err(error) => return Err(sender.broken(Fault::Io(error))),
            };
            let head = sender.framing.head();
            Ok(Some((head, State::File(sender, file))))
        }
        State::File(sender, file) => sender.next(file).await.map(Some),
        State::Done => Ok(None),
    }
}

impl Sender {
    async fn next(mut self, mut file: fs::File) -> io::Result<(Bytes, State)> {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        match file.read_buf(&mut chunk).await {
            Err(error) => Err(self.broken(Fault::Io(error))),
            Ok(0) => self.finish(),
            Ok(read) => {
                self.sent += read as u64;
                if self.sent > self.size {
                    let detail = format!("it is longer than {} bytes", self.size);
                    return Err(self.broken(Fault::Changed(detail)));
                }
                self.hasher.update(&chunk);
                self.progress.send_replace(self.sent);
                Ok((chunk.freeze(), State::File(self, file)))
            }
        }
    }

    /// Judges the whole file and only then gives out the end of the frame.
    fn finish(self) -> io::Result<(Bytes, State)> {
        if self.sent < self.size {
            let detail = format!("it has {} of {} bytes", self.sent, self.size);
            return Err(self.broken(Fault::Changed(detail)));
        }
        let found = Sha256::new(self.hasher.clone().finalize().into());
        if found != self.expected {
            let detail = format!("expected sha256 {}, found: {found}", self.expected);
            return Err(self.broken(Fault::Changed(detail)));
        }
        Ok((self.framing.tail(), State::Done))
    }

    fn broken(&self, fault: Fault) -> io::Error {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        io::Error::other("the file to upload cannot be sent")
    }
}
