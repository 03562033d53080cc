//! Changes of bytes that any format is open to. What knows a format is in `archive`.

use crate::chance::Chance;

/// Bytes that no mutated input exceeds.
const LARGEST: usize = 256 * 1024;
/// Numbers at which readers go wrong.
const NUMBERS: [u32; 10] = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// Changes an input once, in one of several ways; `others` is the rest of the corpus.
pub(crate) fn mutate(input: &mut Vec<u8>, chance: &mut Chance, words: &[&[u8]], others: &[Vec<u8>]) {
    match chance.below(9) {
        0 => flip(input, chance),
        1 => set(input, chance),
        2 => number(input, chance),
        3 => remove(input, chance),
        4 => repeat(input, chance),
        5 | 6 => insert_word(input, chance, words),
        7 => splice(input, chance, others),
        _ => swap(input, chance),
    }
    input.truncate(LARGEST);
}

fn flip(input: &mut [u8], chance: &mut Chance) {
    let at = chance.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << chance.below(8);
    }
}

fn set(input: &mut [u8], chance: &mut Chance) {
    let at = chance.below(input.len());
    if let Some(byte) = input.get_mut(at) {
        *byte = chance.byte();
    }
}

/// Puts a number of 16 or 32 bits somewhere, or changes the one that is there by one.
fn number(input: &mut [u8], chance: &mut Chance) {
    let width = if chance.once_in(2) { 2 } else { 4 };
    let at = chance.below(input.len());
    let Some(place) = input.get_mut(at..at + width) else { return };
    let mut bytes = [0; 4];
    bytes[..width].copy_from_slice(place);
    let old = u32::from_le_bytes(bytes);
    let new = match chance.below(3) {
        0 => old.wrapping_add(1),
        1 => old.wrapping_sub(1),
        _ => chance.pick(&NUMBERS).copied().unwrap_or_default(),
    };
    place.copy_from_slice(&new.to_le_bytes()[..width]);
}

/// Returns a part of the input of up to 64 bytes, now and then of any length.
fn part(input: &[u8], chance: &mut Chance) -> std::ops::Range<usize> {
    let start = chance.below(input.len() + 1);
    let most = if chance.once_in(8) { input.len() } else { 64 };
    let length = chance.below((input.len() - start).min(most) + 1);
    start..start + length
}

fn remove(input: &mut Vec<u8>, chance: &mut Chance) {
    let part = part(input, chance);
    input.drain(part);
}

/// Repeats a part, up to 64 times.
fn repeat(input: &mut Vec<u8>, chance: &mut Chance) {
    let part = part(input, chance);
    let end = part.end;
    let times = if chance.once_in(8) { 64 } else { 1 };
    let bytes = input[part].repeat(times);
    if input.len() + bytes.len() <= LARGEST {
        input.splice(end..end, bytes);
    }
}

fn insert_word(input: &mut Vec<u8>, chance: &mut Chance, words: &[&[u8]]) {
    let Some(word) = chance.pick(words) else { return };
    let at = chance.below(input.len() + 1);
    let over = if chance.once_in(2) { word.len().min(input.len() - at) } else { 0 };
    input.splice(at..at + over, word.iter().copied());
}

/// Goes on with the end of another input.
fn splice(input: &mut Vec<u8>, chance: &mut Chance, others: &[Vec<u8>]) {
    let Some(other) = chance.pick(others) else { return };
    let (at, from) = (chance.below(input.len() + 1), chance.below(other.len() + 1));
    input.truncate(at);
    input.extend_from_slice(&other[from..]);
}

/// Puts a part to another place.
fn swap(input: &mut Vec<u8>, chance: &mut Chance) {
    let part = part(input, chance);
    let bytes: Vec<u8> = input.drain(part).collect();
    let at = chance.below(input.len() + 1);
    input.splice(at..at, bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_mutations_and_no_input_is_too_small() {
        let mutated = |seed| {
            let (mut chance, mut input) = (Chance::new(seed), b"some bytes to change".to_vec());
            for _ in 0..50 {
                mutate(&mut input, &mut chance, &[b"word"], &[b"another".to_vec()]);
            }
            input
        };
        assert_eq!(mutated(1), mutated(1));
        assert_ne!(mutated(1), mutated(2));
        let (mut chance, mut empty) = (Chance::new(3), Vec::new());
        for _ in 0..2000 {
            mutate(&mut empty, &mut chance, &[], &[]);
            assert!(empty.len() <= LARGEST);
        }
    }
}
