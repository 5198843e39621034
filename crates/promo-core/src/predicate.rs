//! What promo attests, as the predicates of in-toto statements. promo-sign puts them into statements and seals those.

mod promotion;

pub use promotion::{PROMOTION_PREDICATE_TYPE, promotion};
