//! What settings tell the server and the model that it serves.

use std::path::Path;
use std::time::Duration;

use super::{Access, Settings};
use crate::cli::key::KeySetting;
use crate::cli::tag_args;
use crate::pipeline::{Pipeline, TagRules};
use crate::service::{ApiKey, ConnectionConfig, Exposure, Keepalive, ServerConfig, TlsConfig};

impl From<Access> for Exposure {
    fn from(access: Access) -> Self {
        match access {
            Access::Open => Self::Open,
            Access::Keyed => Self::Keyed,
            Access::Off => Self::Off,
        }
    }
}

impl Settings {
    /// The model with the vocabularies and the rules that are set.
    ///
    /// # Errors
    /// A file is no vocabulary, or an alias none.
    pub(in crate::cli) fn steer(&self, pipeline: Pipeline) -> anyhow::Result<Pipeline> {
        let files = self.vocabulary.values().iter().map(Path::new);
        let language = self.vocabulary_language.as_deref();
        let language = language.unwrap_or(tag_args::DEFAULT_LANGUAGE);
        let on_remark = |remark: &str| tracing::warn!("{remark}");
        let read = tag_args::read_vocabularies(files, language, on_remark)?;
        let pipeline = tag_args::add_vocabularies(pipeline, read)?;
        Ok(pipeline.with_tag_rules(self.tag_rules()?))
    }

    pub(super) fn tag_rules(&self) -> anyhow::Result<TagRules> {
        Ok(TagRules::new(
            self.deny_tags.values(),
            self.tag_aliases.values(),
        )?)
    }

    /// What the server is told.
    ///
    /// # Errors
    /// A key is none.
    pub(in crate::cli) fn server_config(&self) -> anyhow::Result<ServerConfig> {
        Ok(ServerConfig {
            max_message_bytes: self.max_message_bytes.get(),
            max_article_bytes: self.max_article_bytes.get(),
            max_batch_articles: self.max_batch_articles.get(),
            max_metadata_bytes: self.max_metadata_bytes.get(),
            max_in_flight: self
                .max_in_flight
                .unwrap_or_else(ServerConfig::default_max_in_flight),
            stream_window: self.stream_window,
            stream_idle_timeout: time(self.stream_idle_timeout_seconds.get()),
            call_timeout: time(self.call_timeout_seconds.get()),
            drain_delay: time(self.drain_delay_seconds),
            drain_timeout: time(self.drain_timeout_seconds),
            cors_origins: self.cors_origins.values().to_vec(),
            keys: self.keys()?,
            health: self.health.into(),
            reflection: self.reflection.into(),
            otlp_endpoint: self.otlp_endpoint.clone(),
            tls: self.tls(),
            connections: self.connection_config(),
        })
    }

    pub(super) fn keys(&self) -> anyhow::Result<Vec<ApiKey>> {
        let keys: anyhow::Result<Vec<ApiKey>> =
            self.api_keys.iter().map(KeySetting::to_key).collect();
        let keys = keys?;
        for (place, key) in keys.iter().enumerate() {
            let name = &key.name;
            anyhow::ensure!(
                !key.roles.is_empty(),
                "api_keys: {name:?} has no roles; give it classify, observe or both"
            );
            for other in &keys[..place] {
                anyhow::ensure!(
                    other.name != *name,
                    "api_keys: two are named {name:?}; the log could not tell them apart"
                );
                anyhow::ensure!(
                    other.sha256 != key.sha256,
                    "api_keys: {:?} and {name:?} have the same sha256; make a key for each with `copydesk key`",
                    other.name
                );
            }
        }
        Ok(keys)
    }

    fn tls(&self) -> Option<TlsConfig> {
        Some(TlsConfig {
            certificate: self.tls_certificate.clone()?,
            key: self.tls_key.clone()?,
            client_authorities: self.tls_client_authorities.clone(),
            look_every: TlsConfig::DEFAULT_LOOK_EVERY,
        })
    }

    fn connection_config(&self) -> ConnectionConfig {
        ConnectionConfig {
            max_connections: self.max_connections.get(),
            max_concurrent_streams: self.max_concurrent_streams.get(),
            max_resets_per_second: self.max_resets_per_second.get(),
            stream_window_bytes: self.stream_window_bytes.get(),
            connection_window_bytes: self.connection_window_bytes.get(),
            header_timeout: time(self.header_timeout_seconds.get()),
            idle_timeout: time(self.idle_timeout_seconds.get()),
            max_age: time(self.max_age_seconds.get()),
            max_age_grace: time(self.max_age_grace_seconds),
            keepalive: Keepalive {
                interval: time(self.keepalive_interval_seconds.get()),
                timeout: time(self.keepalive_timeout_seconds.get()),
            },
        }
    }
}

fn time(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}
