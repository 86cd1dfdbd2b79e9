//! The mistakes that are visible in the credentials themselves, each with its name and its fix.

pub(in crate::explain) mod corrected;
pub(in crate::explain) mod decodings;
pub(in crate::explain) mod duplicate;
pub(in crate::explain) mod fixes;
pub(in crate::explain) mod json_syntax;
pub(in crate::explain) mod key_names;
pub(in crate::explain) mod missing;
pub(in crate::explain) mod mistake;
pub(in crate::explain) mod policy_faults;
pub(in crate::explain) mod resource_corrections;
pub(in crate::explain) mod resource_mismatch;
pub(in crate::explain) mod time_values;
pub(in crate::explain) mod traces;
pub(in crate::explain) mod value_forms;
pub(in crate::explain) mod value_shape;
