//! What an editor's desk never wants to see, and what it calls things.

use std::sync::Arc;

use super::wording::{ByWording, Wording};

/// Rules for tags of every kind and every article.
#[derive(Debug, Clone, Default)]
pub struct TagRules {
    denied: ByWording<()>,
    /// The tags that names stand for.
    aliases: ByWording<Arc<str>>,
}

/// Why rules are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagRulesError {
    /// An alias that is not a pair.
    #[error(
        "tag_aliases: {0:?} is no alias; write name=tag, such as Kiev=Kyiv, and each alias for itself"
    )]
    NoPair(String),
    /// An alias that leads to another.
    #[error(
        "tag_aliases: {0:?} stands for a tag that is an alias itself; name the last tag at once"
    )]
    Chain(String),
    /// A name with two meanings.
    #[error("tag_aliases: {0:?} stands for two tags; keep one of them")]
    Twice(String),
}

impl TagRules {
    /// Tags that are never offered, and aliases as `name=tag`: wherever the name would be offered, the
    /// tag is.
    ///
    /// # Errors
    /// [`TagRulesError`] names the alias that is none.
    pub fn new(denied: &[String], aliases: &[String]) -> Result<Self, TagRulesError> {
        let mut rules = Self::default();
        for tag in denied {
            rules.denied.insert(Wording::new(tag), ());
        }
        for alias in aliases {
            let pair = alias.split_once('=').map(|(a, b)| (a.trim(), b.trim()));
            let Some((name, tag)) =
                pair.filter(|(a, b)| !a.is_empty() && !b.is_empty() && !b.contains('='))
            else {
                return Err(TagRulesError::NoPair(alias.clone()));
            };
            if rules.canonical(name).is_some_and(|known| **known != *tag) {
                return Err(TagRulesError::Twice(alias.clone()));
            }
            let wording = Wording::new(name);
            rules.aliases.insert(wording, Arc::from(tag));
        }
        if let Some(tag) = rules.aliases.values().find(|tag| rules.leads_on(tag)) {
            return Err(TagRulesError::Chain(tag.to_string()));
        }
        Ok(rules)
    }

    /// Tags that are never offered.
    pub(super) fn denied(&self) -> &ByWording<()> {
        &self.denied
    }

    /// How many tags are never offered.
    pub fn n_denied(&self) -> usize {
        self.denied.len()
    }

    /// The tag that a name stands for, if it is an alias.
    pub fn canonical(&self, name: &str) -> Option<&Arc<str>> {
        if self.aliases.is_empty() {
            return None;
        }
        self.aliases.get(&Wording::new(name))
    }

    /// Whether a tag is an alias of another. "kyiv=Kyiv" only says how the name is written.
    fn leads_on(&self, tag: &str) -> bool {
        self.canonical(tag).is_some_and(|other| **other != *tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(aliases: &[&str]) -> Result<TagRules, TagRulesError> {
        let aliases: Vec<String> = aliases.iter().map(|a| (*a).to_owned()).collect();
        TagRules::new(&[], &aliases)
    }

    #[test]
    fn an_alias_is_known_in_any_form() {
        let rules = rules(&["Kiev=Kyiv", " SPD = Social Democrats ", "iphone=iPhone"]).unwrap();
        assert_eq!(rules.canonical("KIEV").map(|t| &**t), Some("Kyiv"));
        assert_eq!(
            rules.canonical("spd").map(|t| &**t),
            Some("Social Democrats")
        );
        assert_eq!(rules.canonical("iPhones").map(|t| &**t), Some("iPhone"));
        assert_eq!(rules.canonical("Kyiv"), None);
    }

    #[test]
    fn what_is_no_alias_is_named() {
        for bad in ["Kiev", "=Kyiv", "Kiev=", "Kiev=Kyiv,Bombay=Mumbai"] {
            assert_eq!(
                rules(&[bad]).unwrap_err(),
                TagRulesError::NoPair(bad.into())
            );
        }
        let chain = rules(&["a=b", "b=c"]).unwrap_err();
        assert_eq!(chain, TagRulesError::Chain("b".into()));
        let twice = rules(&["Kiev=Kyiv", "KIEV=Kiew"]).unwrap_err();
        assert_eq!(twice, TagRulesError::Twice("KIEV=Kiew".into()));
    }
}
