//! The body of an upload: frame and file as a stream that hashes what it sends. A file that turns out to be
//! another one than was checked breaks the stream before its end, so that no index can take it.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use fs_err as fs;
use futures_util::stream::{self, Stream};
use pyrel_model::Sha256;
use sha2::Digest as _;
use tokio::sync::{mpsc, watch};

use super::upload_file::UploadFile;
use crate::wire::Framing;

/// How much is read at once, in bytes.
const CHUNK: usize = 128 * 1024;
/// How many pieces are read ahead of the connection; with the one that is read and the one that is sent, all that an
/// upload holds in memory besides its form.
const AHEAD: usize = 2;

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

/// A piece of the body, with how many bytes of the file were in it and those before it.
struct Piece {
    bytes: Bytes,
    sent: u64,
}

/// Returns the body as a stream. `progress` hears how many bytes of the file were handed to the connection.
///
/// The file is read and hashed on a thread of its own, so that this and sending go on at the same time.
pub(super) fn stream(
    file: &UploadFile,
    framing: &Framing,
    progress: watch::Sender<u64>,
    fault: FaultSlot,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let (pieces, received) = mpsc::channel(AHEAD);
    let reader = Reader {
        path: file.path().to_path_buf(),
        size: file.size(),
        expected: *file.sha256(),
        framing: framing.clone(),
        pieces,
    };
    tokio::task::spawn_blocking(move || reader.run());
    stream::try_unfold((received, progress, fault), |(mut received, progress, fault)| async move {
        match received.recv().await {
            Some(Ok(Piece { bytes, sent })) => {
                progress.send_replace(sent);
                Ok(Some((bytes, (received, progress, fault))))
            }
            Some(Err(broken)) => {
                *fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(broken);
                Err(io::Error::other("the file to upload cannot be sent"))
            }
            None => Ok(None),
        }
    })
}

/// Reads a file piece by piece.
struct Reader {
    path: PathBuf,
    size: u64,
    expected: Sha256,
    framing: Framing,
    pieces: mpsc::Sender<Result<Piece, Fault>>,
}

/// Nobody wants the rest: the request is over.
struct Unwanted;

impl Reader {
    fn run(self) {
        let read = if self.size <= CHUNK as u64 { self.read_whole() } else { self.read_pieces() };
        if let Err(fault) = read {
            // Who does not listen any more has failed for another reason.
            let _unheard = self.pieces.blocking_send(Err(fault));
        }
    }

    /// Makes one piece of a small file with its frame: nothing of it is sent before all is known to be right.
    fn read_whole(&self) -> Result<(), Fault> {
        let length = self.framing.length(self.size).try_into().unwrap_or(CHUNK);
        let mut body = Vec::with_capacity(length + 1);
        body.extend_from_slice(&self.framing.head());
        let start = body.len();
        // One byte more, so that a longer file shows.
        let read = fs::File::open(&self.path)
            .and_then(|file| file.take(self.size + 1).read_to_end(&mut body))
            .map_err(Fault::Io)?;
        self.judge(read as u64, sha2::Sha256::digest(&body[start..]).into())?;
        body.extend_from_slice(&self.framing.tail());
        let _unwanted = self.send(body.into(), self.size);
        Ok(())
    }

    fn read_pieces(&self) -> Result<(), Fault> {
        let mut file = fs::File::open(&self.path).map_err(Fault::Io)?;
        let (mut hasher, mut sent) = (sha2::Sha256::new(), 0);
        if self.send(self.framing.head(), 0).is_err() {
            return Ok(());
        }
        loop {
            let mut chunk = BytesMut::zeroed(CHUNK);
            let read = match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::Io(error)),
            };
            chunk.truncate(read);
            sent += read as u64;
            if sent > self.size {
                break;
            }
            hasher.update(&chunk);
            if self.send(chunk.freeze(), sent).is_err() {
                return Ok(());
            }
        }
        self.judge(sent, hasher.finalize().into())?;
        // The end of the frame is given out only now.
        let _unwanted = self.send(self.framing.tail(), sent);
        Ok(())
    }

    fn send(&self, bytes: Bytes, sent: u64) -> Result<(), Unwanted> {
        self.pieces.blocking_send(Ok(Piece { bytes, sent })).map_err(|_| Unwanted)
    }

    /// Judges the whole file.
    fn judge(&self, read: u64, sha256: [u8; 32]) -> Result<(), Fault> {
        if read > self.size {
            return Err(Fault::Changed(format!("it is longer than {} bytes", self.size)));
        }
        if read < self.size {
            return Err(Fault::Changed(format!("it has {read} of {} bytes", self.size)));
        }
        let found = Sha256::new(sha256);
        if found != self.expected {
            return Err(Fault::Changed(format!("expected sha256 {}, found: {found}", self.expected)));
        }
        Ok(())
    }
}
