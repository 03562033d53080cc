//! Who would publish a workspace from its CI, as far as its repository tells: where it is hosted, and which jobs ask for
//! an identity. What an index is to be told of a trusted publisher follows from that. Reads text; asks nobody.

mod origin;
mod publisher;
mod workflow;

pub use origin::{Hoster, Origin};
pub use publisher::{Publisher, publisher_of};
pub use workflow::{IdentityJob, jobs_of};
