//! The one time that all members of an archive carry, in the two formats' terms.

/// 1980-01-01T00:00:00Z, the first moment that a zip can express.
pub(super) const ZIP_EPOCH: u64 = 315_532_800;
/// 2107-12-31T23:59:58Z, the last one.
const ZIP_END: u64 = 4_354_819_198;

/// Returns `(time, date)` as MS-DOS has them, in UTC.
pub(super) fn dos_time(unix: u64) -> (u16, u16) {
    let seconds = unix.clamp(ZIP_EPOCH, ZIP_END);
    let (year, month, day) = civil(seconds / 86_400);
    let second_of_day = seconds % 86_400;
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    let narrow = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
    let time = narrow(hour) << 11 | narrow(minute) << 5 | narrow(second / 2);
    let date = narrow(year - 1980) << 9 | narrow(month) << 5 | narrow(day);
    (time, date)
}

/// Turns days since 1970-01-01 into year, month, and day (Gregorian).
pub(crate) fn civil(days: u64) -> (u64, u64, u64) {
    // Count from 0000-03-01, so that the leap day is the last of its year.
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(3652), (1980, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_778), (2026, 11, 21));
    }

    #[test]
    fn times_outside_the_format_are_clamped() {
        assert_eq!(dos_time(0), (0, 1 << 5 | 1));
        assert_eq!(dos_time(u64::MAX), (23 << 11 | 59 << 5 | 29, 127 << 9 | 12 << 5 | 31));
        assert_eq!(dos_time(1_580_601_600), (0, 40 << 9 | 2 << 5 | 2));
    }
}
