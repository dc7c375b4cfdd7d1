package io.pgbackup.config;

import io.pgbackup.config.PgBackupConfig.StorageConfig;

/// What a configuration says that is used to issue credentials, for whichever cluster. Immutable.
///
/// @param storage where the clusters' folders lie; its credentials are used to look at them
public record BrokerSettings(StorageConfig storage, BrokerConfig broker) {}
