//! Kills the program again and again while it uploads, takes the run up again, and compares the index with the plan.
//!
//! Each run draws from its number how the index behaves (an answer is lost, a file is refused, a request is read in
//! half), which of the two uploads it is, and when the process is killed: as soon as a line of the journal shows,
//! at a byte of the journal, or at a byte of the requests, which pass through a relay to an embedded index.

mod case;
mod chance;
mod life;
mod relay;
mod scene;
mod suite;
mod verdict;
