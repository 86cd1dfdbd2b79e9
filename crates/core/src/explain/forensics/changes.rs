//! What people and signers change between what they sign and what is sent: each change by the name of its mistake, with how
//! common it is. The search combines them.

pub(in crate::explain) mod address;
pub(in crate::explain) mod change;
pub(in crate::explain) mod escapes;
pub(in crate::explain) mod files;
pub(in crate::explain) mod folders;
pub(in crate::explain) mod message;
pub(in crate::explain) mod path;
pub(in crate::explain) mod query;
pub(in crate::explain) mod text;
pub(in crate::explain) mod time;
