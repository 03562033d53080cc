//! A child whose output somebody follows while it runs: both streams as one, in the order of writing.

use std::io::{self, PipeReader, Read};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Process, ProcessError, ProcessOutput, interrupt_group, kill_group, lead_own_group};

/// How often a wish to stop is looked for.
const PAUSE: Duration = Duration::from_millis(20);
/// How long an interrupted child may take to clean up after itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long descendants may keep the pipe of an ended child open, and a killed one its output.
const GRACE: Duration = Duration::from_secs(2);
/// How many bytes at the end of the output are kept, for messages.
const KEPT: usize = 64 * 1024;

/// Why the child was not waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    TimedOut,
    Cancelled,
}

impl Process {
    /// Runs the child and hands on its output as it comes, standard error merged into standard output. What is
    /// captured are the last 64 KiB. Past the time limit it is killed; when cancelled it is interrupted first,
    /// and killed when it does not end within five seconds; both with all its descendants.
    ///
    /// # Errors
    /// When it cannot be started or read, takes longer than its time limit, or is cancelled.
    pub fn run_watched(self, watch: &mut dyn FnMut(&[u8])) -> Result<ProcessOutput, ProcessError> {
        let mut command = self.command();
        let (reader, writer) = io::pipe().map_err(|error| self.io_error(error))?;
        let second = writer.try_clone().map_err(|error| self.io_error(error))?;
        command.stdin(Stdio::null()).stdout(writer).stderr(second);
        lead_own_group(&mut command);
        let child = command.spawn().map_err(|error| self.start_error(error))?;
        // The command holds the writing ends; with them the pipe would never end.
        drop(command);
        let mut watched = Watched { child, chunks: follow(reader), tail: Vec::new(), ended: None };
        watched.finish(&self, watch)
    }
}

fn follow(mut reader: PipeReader) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, chunks) = channel();
    thread::spawn(move || {
        let mut chunk = vec![0; 32 * 1024];
        loop {
            let read = match reader.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => Ok(chunk[..count].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = read.is_err();
            // Nobody listens any more once the child was given up.
            if sender.send(read).is_err() || failed {
                break;
            }
        }
    });
    chunks
}

/// A running child.
struct Watched {
    child: Child,
    chunks: Receiver<io::Result<Vec<u8>>>,
    tail: Vec<u8>,
    ended: Option<(ExitStatus, Instant)>,
}

impl Watched {
    fn finish(
        &mut self,
        process: &Process,
        watch: &mut dyn FnMut(&[u8]),
    ) -> Result<ProcessOutput, ProcessError> {
        let deadline = process.time_limit().map(|limit| Instant::now() + limit);
        let stop = loop {
            let open = self.take(watch).map_err(|error| process.io_error(error))?;
            if self.is_over(open).map_err(|error| process.io_error(error))? {
                break None;
            }
            if process.is_cancelled() {
                break Some(Stop::Cancelled);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break Some(Stop::TimedOut);
            }
        };
        let Some(stop) = stop else {
            let status = self.ended.and_then(|(status, _)| status.code());
            return Ok(self.output(status));
        };
        self.end(stop, watch).map_err(|error| process.io_error(error))?;
        let command = process.command_line();
        Err(match stop {
            Stop::Cancelled => ProcessError::Cancelled { command },
            Stop::TimedOut => ProcessError::TimedOut {
                command,
                timeout: process.time_limit().unwrap_or_default(),
                tail: self.output(None).tail(),
            },
        })
    }

    /// Hands on what has come; false when the pipe is closed.
    fn take(&mut self, watch: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        match self.chunks.recv_timeout(PAUSE) {
            Ok(chunk) => {
                let chunk = chunk?;
                watch(&chunk);
                self.tail.extend_from_slice(&chunk);
                if self.tail.len() > 2 * KEPT {
                    self.tail.drain(..self.tail.len() - KEPT);
                }
                Ok(true)
            }
            Err(RecvTimeoutError::Timeout) => Ok(true),
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(Duration::from_millis(1));
                Ok(false)
            }
        }
    }

    /// Tells whether the child has ended and its output with it. A descendant that keeps the pipe open is not
    /// waited for.
    fn is_over(&mut self, open: bool) -> io::Result<bool> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?.map(|status| (status, Instant::now()));
        }
        Ok(self.ended.is_some_and(|(_, at)| !open || at.elapsed() >= GRACE))
    }

    fn end(&mut self, stop: Stop, watch: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        if stop == Stop::Cancelled {
            interrupt_group(&self.child);
            let patience = Instant::now() + PATIENCE;
            while Instant::now() < patience && self.ended.is_none() {
                let open = self.take(watch)?;
                self.is_over(open)?;
            }
        }
        // An ended leader may have left descendants behind.
        kill_group(&mut self.child);
        self.child.wait()?;
        let grace = Instant::now() + GRACE;
        while Instant::now() < grace && self.take(watch)? {}
        Ok(())
    }

    fn output(&mut self, status: Option<i32>) -> ProcessOutput {
        let skipped = self.tail.len().saturating_sub(KEPT);
        ProcessOutput { status, stdout: self.tail.split_off(skipped), stderr: Vec::new() }
    }
}
