//! How much of an archive may still be unpacked. Counts; the reader that asks stops.

use crate::fault::{Fault, FaultKind};
use crate::limits::Limits;

/// The budget of one archive.
pub(super) struct Budget<'a> {
    pub(super) limits: &'a Limits,
    packed: u64,
    unpacked: u64,
    members: usize,
}

impl<'a> Budget<'a> {
    /// Starts a budget for an archive of `packed` bytes.
    pub(super) fn new(limits: &'a Limits, packed: u64) -> Self {
        Self { limits, packed, unpacked: 0, members: 0 }
    }

    /// Returns how many bytes were unpacked so far.
    pub(super) fn unpacked(&self) -> u64 {
        self.unpacked
    }

    /// Takes note of unpacked bytes.
    pub(super) fn spend(&mut self, bytes: u64) -> Result<(), Fault> {
        self.unpacked = self.unpacked.saturating_add(bytes);
        self.test(self.unpacked)
    }

    /// Tests whether `total` unpacked bytes would be too many.
    pub(super) fn test(&self, total: u64) -> Result<(), Fault> {
        let Limits { unpacked, ratio, ratio_floor, .. } = *self.limits;
        if total > unpacked {
            return Err(limit(format!("it unpacks to more than {unpacked} bytes")));
        }
        if total > ratio_floor && total > self.packed.saturating_mul(ratio) {
            return Err(limit(format!("it unpacks to more than {ratio} times its size")));
        }
        Ok(())
    }

    /// Takes note of a member and tests its name.
    pub(super) fn member(&mut self, name: &str) -> Result<(), Fault> {
        self.members += 1;
        let Limits { members, depth, name: longest, .. } = *self.limits;
        if self.members > members {
            return Err(limit(format!("it has more than {members} members")));
        }
        if name.len() > longest {
            let start: String = name.chars().take(80).collect();
            return Err(limit(format!("a member name is longer than {longest} bytes: `{start}…`")));
        }
        if name.split('/').filter(|part| !part.is_empty()).count() > depth + 1 {
            let start: String = name.chars().take(80).collect();
            return Err(limit(format!("a member is more than {depth} directories deep: `{start}…`")));
        }
        Ok(())
    }
}

/// Makes the fault of a crossed limit.
pub(super) fn limit(detail: String) -> Fault {
    Fault::new(FaultKind::Limit, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_its_words() {
        let limits = Limits {
            members: 2,
            unpacked: 1000,
            ratio: 3,
            ratio_floor: 10,
            name: 20,
            depth: 2,
            ..Limits::default()
        };
        let mut budget = Budget::new(&limits, 100);
        assert!(budget.spend(300).is_ok());
        assert_eq!(budget.spend(1).unwrap_err().detail, "it unpacks to more than 3 times its size");
        assert_eq!(budget.test(1001).unwrap_err().detail, "it unpacks to more than 1000 bytes");
        assert!(budget.member("a/b/c").is_ok());
        assert!(budget.member("a/b/c/d").unwrap_err().detail.contains("2 directories deep"));
        assert!(budget.member("x").unwrap_err().detail.contains("more than 2 members"));
        assert!(Budget::new(&limits, 1).member(&"x".repeat(21)).unwrap_err().detail.contains("20 bytes"));
    }
}
