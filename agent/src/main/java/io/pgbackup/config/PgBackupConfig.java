package io.pgbackup.config;

import io.pgbackup.engine.format.Codec;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.Optional;

/// The whole configuration, valid by construction: whoever holds one need not check it again.
/// Immutable; contains no secret, only the files that hold them.
public record PgBackupConfig(
    ClusterConfig cluster,
    PostgresConfig postgres,
    StorageConfig storage,
    WalConfig wal,
    BackupConfig backup,
    RetentionConfig retention,
    EngineConfig engine,
    HttpConfig http) {

  /// @param uid empty: made once, then kept in the claim and beside the data
  public record ClusterConfig(String name, String namespace, Optional<String> uid) {}

  /// @param host a name, an address, or the directory of a Unix socket, which begins with `/`
  /// @param passwordFile read anew at each connection
  /// @param rootCertFile PEM, for `verify-ca` and `verify-full`
  /// @param dataDirectory as the agent sees it
  public record PostgresConfig(
      String host,
      int port,
      String user,
      String database,
      Optional<Path> passwordFile,
      String sslMode,
      Optional<Path> rootCertFile,
      Path dataDirectory) {
    public boolean overUnixSocket() {
      return host.startsWith("/");
    }
  }

  /// @param url `s3://bucket` or `file:///directory`
  /// @param endpoint empty for AWS; for R2 built from the account id
  /// @param caFile PEM, added to the system's authorities
  /// @param prefix template or literal folder, see [io.pgbackup.lineage.PrefixTemplate]
  public record StorageConfig(
      URI url,
      Optional<URI> endpoint,
      String region,
      boolean pathStyle,
      Optional<Path> caFile,
      Optional<CredentialFiles> credentials,
      String prefix) {}

  /// Files that hold one secret each, trailing line ends ignored. Without them the SDK's default
  /// chain is asked.
  public record CredentialFiles(
      Path accessKeyIdFile, Path secretAccessKeyFile, Optional<Path> sessionTokenFile) {}

  public record WalConfig(boolean enabled, Path socket, Codec compression) {}

  /// @param schedule five-field crontab syntax
  /// @param threads 0: one for each core
  public record BackupConfig(
      boolean enabled, String schedule, ZoneId timeZone, Codec compression, int threads) {}

  /// Read and validated, not yet applied: nothing is ever deleted in this version.
  public record RetentionConfig(String run, String schedule, int keepFull, Duration window) {}

  public record EngineConfig(String backup, String wal, Optional<Path> walgBinary) {}

  /// @param port 0 takes a free one
  public record HttpConfig(String host, int port) {}
}
