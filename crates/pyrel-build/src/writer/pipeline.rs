//! Work on many items, in parallel and in batches, with the results in order.

use rayon::prelude::*;

use crate::error::BuildError;

/// Less than this is not worth handing to other threads.
const PARALLEL_FROM: usize = 128 << 10;

/// Works on batches of items of about `batch` bytes, and puts the results in order while the next batch is worked
/// on; so no more than two batches are in memory.
pub(super) fn pipeline<T: Sync, R: Send>(
    items: &[T],
    (weight, batch): (impl Fn(&T) -> usize, usize),
    work: impl Fn(&T) -> Result<R, BuildError> + Sync,
    mut put: impl FnMut(R) -> Result<(), BuildError> + Send,
) -> Result<(), BuildError> {
    let all = |items: &[T], is_long: bool| -> Result<Vec<R>, BuildError> {
        if is_long { items.par_iter().map(&work).collect() } else { items.iter().map(&work).collect() }
    };
    let mut rest = items;
    let mut take = || {
        let (count, bytes) = measure(rest, &weight, batch);
        let (taken, left) = rest.split_at(count);
        rest = left;
        (taken, count > 1 && bytes >= PARALLEL_FROM)
    };
    let (first, is_long) = take();
    let mut ready = all(first, is_long)?;
    loop {
        let (next, is_long) = take();
        if next.is_empty() {
            return ready.into_iter().try_for_each(&mut put);
        }
        let done = std::mem::take(&mut ready);
        let (worked, written) =
            rayon::join(|| all(next, is_long), || done.into_iter().try_for_each(&mut put));
        written?;
        ready = worked?;
    }
}

/// Returns how many of the first items make a batch, at least one of them, and their bytes.
fn measure<T>(items: &[T], weight: impl Fn(&T) -> usize, batch: usize) -> (usize, usize) {
    let mut bytes = 0;
    for (count, item) in items.iter().enumerate() {
        let more = weight(item);
        if count > 0 && bytes + more > batch {
            return (count, bytes);
        }
        bytes += more;
    }
    (items.len(), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order() {
        for (batch, size) in [(1, 1), (10, 3), (1 << 30, 1), (1 << 20, 300_000)] {
            let items: Vec<usize> = (0..100).collect();
            let mut seen = Vec::new();
            let put = |item: usize| {
                seen.push(item);
                Ok(())
            };
            pipeline(&items, (|_| size, batch), |item| Ok(*item), put).unwrap();
            assert_eq!(seen, items, "{batch}");
        }
        pipeline(&[], (|_: &u8| 1, 1), |_| Ok(()), |()| Ok(())).unwrap();
    }

    #[test]
    fn the_first_error_ends_it() {
        let items: Vec<usize> = (0..10).collect();
        let fail = |item: &usize| {
            if *item == 5 {
                let source = std::io::ErrorKind::NotFound.into();
                return Err(BuildError::Read { path: "x".into(), source });
            }
            Ok(*item)
        };
        let mut seen = 0;
        let put = |_| {
            seen += 1;
            Ok(())
        };
        assert!(pipeline(&items, (|_| 1, 1), fail, put).is_err());
        assert!(seen <= 5);
    }
}
