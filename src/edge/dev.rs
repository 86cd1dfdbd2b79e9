//! What only `frontgate dev` serves: links that its console and its demo page sign.

pub mod cookie_link;
pub mod demo_forms;
