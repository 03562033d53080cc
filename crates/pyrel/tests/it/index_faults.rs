//! index_faults
