package io.pgbackup.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.log.LogFormat;
import io.pgbackup.schedule.Crontab;
import io.pgbackup.schedule.Timing;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/// The whole configuration, valid by construction when [ConfigLoader] made it: whoever holds one
/// need not check it again. Immutable; contains no secret, only the files that hold them.
public record PgBackupConfig(
    ClusterConfig cluster,
    PostgresConfig postgres,
    StorageConfig storage,
    EncryptionConfig encryption,
    WalConfig wal,
    BackupConfig backup,
    RetentionConfig retention,
    EngineConfig engine,
    HttpConfig http,
    LogConfig log,
    Optional<BrokerConfig> broker,
    DrillConfig drill,
    KubernetesConfig kubernetes) {
  /// When base backups come; the same wherever this cluster's configuration is read.
  public Timing backupTiming() {
    return timing("base backup", backup.schedule(), backup.timeZone(), backup.jitter());
  }

  /// When the retention rules are applied.
  public Timing retentionTiming() {
    return timing("retention", retention.schedule(), backup.timeZone(), retention.jitter());
  }

  /// When the agent restores on trial.
  public Timing drillTiming() {
    return timing("drill", drill.schedule(), drill.timeZone(), drill.jitter());
  }

  public PgBackupConfig withStorage(StorageConfig other) {
    return new PgBackupConfig(
        cluster,
        postgres,
        other,
        encryption,
        wal,
        backup,
        retention,
        engine,
        http,
        log,
        broker,
        drill,
        kubernetes);
  }

  private Timing timing(String what, Crontab schedule, ZoneId zone, Duration jitter) {
    return Timing.spread(
        schedule, zone, jitter, "%s/%s %s".formatted(cluster.namespace(), cluster.name(), what));
  }

  /// @param name becomes a folder's name, as does the namespace
  /// @param uid empty: made once, then kept in the claim and beside the data
  public record ClusterConfig(String name, String namespace, Optional<String> uid) {}

  /// @param host a name, an address, or the directory of a Unix socket, which begins with `/`
  /// @param passwordFile read anew at each connection
  /// @param tls of no effect over a Unix socket
  /// @param dataDirectory as the agent sees it
  public record PostgresConfig(
      String host,
      int port,
      String user,
      String database,
      Optional<Path> passwordFile,
      ServerTls tls,
      Path dataDirectory) {
    public boolean overUnixSocket() {
      return host.startsWith("/");
    }
  }

  /// @param mode `disable`, `prefer`, `require`, `verify-ca` or `verify-full`, as in libpq
  /// @param rootCertFile PEM, for `verify-ca` and `verify-full`
  /// @param client what is shown to a server that asks for a certificate
  public record ServerTls(
      String mode, Optional<Path> rootCertFile, Optional<ClientCertificate> client) {
    public static final ServerTls OFF =
        new ServerTls("disable", Optional.empty(), Optional.empty());
  }

  /// Read anew at each connection.
  ///
  /// @param certificate PEM, with the chain behind it
  /// @param key PEM in PKCS#8, PKCS#1 or SEC1, not encrypted
  public record ClientCertificate(Path certificate, Path key) {}

  /// @param url `s3://bucket` or `file:///directory`
  /// @param endpoint empty for AWS; for R2 built from the account id
  /// @param caFile PEM, added to the system's authorities
  /// @param prefix template with `$(NAMESPACE)`, `$(CLUSTER)`, `$(UID)`, `$(PGVERSION)`, or the
  ///   literal folder of an existing archive
  /// @param dialect what the store does otherwise
  public record StorageConfig(
      URI url,
      Optional<URI> endpoint,
      String region,
      boolean pathStyle,
      Optional<Path> caFile,
      Optional<CredentialSource> credentials,
      String prefix,
      StorageDialect dialect) {
    /// Of a store that does as AWS does.
    public StorageConfig(
        URI url,
        Optional<URI> endpoint,
        String region,
        boolean pathStyle,
        Optional<Path> caFile,
        Optional<CredentialSource> credentials,
        String prefix) {
      this(url, endpoint, region, pathStyle, caFile, credentials, prefix, StorageDialect.DEFAULT);
    }

    public StorageConfig withPrefix(String other) {
      return new StorageConfig(
          url, endpoint, region, pathStyle, caFile, credentials, other, dialect);
    }

    /// With another credential, whose files have the names that those here have.
    ///
    /// @param folder where they lie
    public StorageConfig withCredentialsIn(Path folder) {
      CredentialSource other =
          switch (credentials.orElse(CredentialFiles.USUAL)) {
            case CredentialFiles(Path id, Path secret, Optional<Path> token) ->
                new CredentialFiles(
                    in(folder, id), in(folder, secret), token.map(file -> in(folder, file)));
            case CredentialJson(Path file) -> new CredentialJson(in(folder, file));
          };
      return new StorageConfig(
          url, endpoint, region, pathStyle, caFile, Optional.of(other), prefix, dialect);
    }

    private static Path in(Path folder, Path file) {
      return folder.resolve(String.valueOf(file.getFileName()));
    }

    public StorageConfig withDialect(StorageDialect other) {
      return new StorageConfig(
          url, endpoint, region, pathStyle, caFile, credentials, prefix, other);
    }
  }

  /// Where the store's credentials lie. Without one the SDK's default chain is asked.
  public sealed interface CredentialSource {}

  /// Files that hold one secret each, trailing line ends ignored.
  public record CredentialFiles(
      Path accessKeyIdFile, Path secretAccessKeyFile, Optional<Path> sessionTokenFile)
      implements CredentialSource {
    /// The names that the chart gives them.
    static final CredentialFiles USUAL =
        new CredentialFiles(
            Path.of("access-key-id"), Path.of("secret-access-key"), Optional.empty());
  }

  /// One file with all of it, as a broker writes it.
  public record CredentialJson(Path file) implements CredentialSource {}

  /// How objects are encrypted, and with which keys they are read.
  ///
  /// @param keyFile libsodium's key
  /// @param publicKeyFile armoured OpenPGP keys to encrypt for
  /// @param secretKeyFile armoured OpenPGP key to read with; a server that only writes needs none
  /// @param passphraseFile of the secret key, where it is locked
  /// @param previousKeyFiles keys of the same method that are only read with, newest first
  public record EncryptionConfig(
      EncryptionMethod method,
      Optional<Path> keyFile,
      KeyTransform keyTransform,
      Optional<Path> publicKeyFile,
      Optional<Path> secretKeyFile,
      Optional<Path> passphraseFile,
      List<Path> previousKeyFiles) {
    public static final EncryptionConfig NONE =
        new EncryptionConfig(
            EncryptionMethod.NONE,
            Optional.empty(),
            KeyTransform.NONE,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of());
  }

  public enum EncryptionMethod {
    NONE,
    LIBSODIUM,
    OPENPGP
  }

  /// How the text of a libsodium key becomes its 32 bytes, as WAL-G has it.
  public enum KeyTransform {
    /// The text's bytes, at least 25; cut off, or filled with zeros.
    NONE,
    HEX,
    BASE64
  }

  /// @param enabled whether WAL is stored; otherwise it is let go
  /// @param source where finished WAL comes from
  /// @param streamInterval how long bytes of an unfinished segment may wait for the store, where
  ///   WAL is streamed
  public record WalConfig(
      boolean enabled, Path socket, Codec compression, WalSource source, Duration streamInterval) {
    public static final Duration STREAM_INTERVAL = Duration.ofSeconds(5);

    /// From the socket.
    public WalConfig(boolean enabled, Path socket, Codec compression) {
      this(enabled, socket, compression, WalSource.SOCKET, STREAM_INTERVAL);
    }

    /// Whether the agent receives WAL over the replication protocol.
    public boolean streams() {
      return enabled && source == WalSource.STREAM;
    }
  }

  /// Who brings WAL to the agent.
  public enum WalSource {
    /// PostgreSQL's archive command, segment by segment.
    SOCKET,
    /// The agent itself, over the replication protocol, as it is written.
    STREAM
  }

  /// @param enabled whether the schedule runs; a backup that is asked for always does
  /// @param timeZone the schedule's
  /// @param threads 0: one for each core
  /// @param deltaMaxSteps deltas in a row until the next full backup; 0 for full ones always
  /// @param userData any JSON, kept with each base backup
  /// @param maxRate how fast the data directory may be read
  /// @param jitter how much later than the schedule at the most; see [#backupTiming]
  /// @param deadline how long a base backup may take, and how late it may begin
  /// @param from which server of the cluster they are taken of
  /// @param corruptPages what becomes of one that meets a corrupt page
  public record BackupConfig(
      boolean enabled,
      Crontab schedule,
      ZoneId timeZone,
      Codec compression,
      int threads,
      int deltaMaxSteps,
      DeltaOrigin deltaOrigin,
      Optional<JsonNode> userData,
      Optional<RateConfig> maxRate,
      Duration jitter,
      Optional<Duration> deadline,
      BackupSource from,
      PagePolicy corruptPages) {
    /// Full backups only, as fast as it goes.
    public BackupConfig(
        boolean enabled, Crontab schedule, ZoneId timeZone, Codec compression, int threads) {
      this(
          enabled,
          schedule,
          timeZone,
          compression,
          threads,
          0,
          DeltaOrigin.LATEST,
          Optional.empty(),
          Optional.empty(),
          Duration.ZERO,
          Optional.empty(),
          BackupSource.PRIMARY,
          PagePolicy.RECORD);
    }
  }

  /// What becomes of a base backup that meets a page whose checksum does not hold.
  public enum PagePolicy {
    /// It is taken with the page as it is on disk, and says so: of a server that breaks it may be
    /// the last.
    RECORD,
    /// It fails.
    FAIL
  }

  /// Which server base backups are taken of, by the agent beside it.
  public enum BackupSource {
    PRIMARY,
    STANDBY
  }

  /// @param hours when it holds, in the schedule's time zone; always, where there are none
  public record RateConfig(long bytesPerSecond, Optional<Hours> hours) {
    /// @return bytes per second, 0 for no limit
    public long at(LocalTime time) {
      return hours.map(some -> some.contains(time)).orElse(true) ? bytesPerSecond : 0;
    }
  }

  /// What a delta backup stands on.
  public enum DeltaOrigin {
    /// The backup before it.
    LATEST,
    /// The full backup that the one before it stands on.
    LATEST_FULL
  }

  /// What is kept; a base backup stays when any rule wants it.
  ///
  /// @param jitter how much later than the schedule at the most; see [#retentionTiming]
  /// @param keepFull full base backups to keep at least
  /// @param window how far back every instant stays restorable
  /// @param keepDaily days whose last base backup is kept
  /// @param keepWeekly weeks
  /// @param keepMonthly months
  /// @param keepYearly years
  /// @param given whether any of these rules is written down, so that they are somebody's wish and
  ///   not a default
  public record RetentionConfig(
      RetentionRun run,
      Crontab schedule,
      Duration jitter,
      int keepFull,
      Duration window,
      int keepDaily,
      int keepWeekly,
      int keepMonthly,
      int keepYearly,
      boolean given) {
    /// Without points.
    public RetentionConfig(RetentionRun run, Crontab schedule, int keepFull, Duration window) {
      this(run, schedule, Duration.ZERO, keepFull, window, 0, 0, 0, 0, true);
    }
  }

  /// Restores on trial that the agent does by itself.
  ///
  /// @param jitter how much later than the schedule at the most; see [#drillTiming]
  /// @param deadline how long one may take, and how late it may begin
  /// @param directory where the throwaway directory is made; there is one where they are enabled
  /// @param probes statements that must hold in the restored data
  /// @param pgBinDirectory PostgreSQL's programs; left out, they are looked for
  /// @param credentialsFile a credential to read with; the agent's own where there is none
  public record DrillConfig(
      boolean enabled,
      Crontab schedule,
      ZoneId timeZone,
      Duration jitter,
      Optional<Duration> deadline,
      Optional<Path> directory,
      DrillTarget target,
      List<String> probes,
      Optional<Path> pgBinDirectory,
      Optional<Path> credentialsFile) {
    public static final Crontab SCHEDULE = Crontab.parse("0 5 * * 0");

    public DrillConfig {
      probes = List.copyOf(probes);
    }
  }

  /// What the agent tells the API of Kubernetes about its cluster.
  ///
  /// @param pod that the agent is in
  /// @param podUid of that pod, without which its Events are not found with it
  /// @param configMap empty: named after the pod's StatefulSet, or after the cluster
  /// @param apiServer empty: what Kubernetes says in every pod's environment
  /// @param tokenFolder with `token`, `ca.crt` and `namespace`, as Kubernetes mounts it
  public record KubernetesConfig(
      boolean enabled,
      Optional<String> pod,
      Optional<String> podUid,
      Optional<String> configMap,
      Optional<URI> apiServer,
      Path tokenFolder) {
    public static final Path TOKEN_FOLDER =
        Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    public static final KubernetesConfig OFF =
        new KubernetesConfig(
            /* enabled= */ false,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            TOKEN_FOLDER);
  }

  /// Which instant a drill restores.
  public enum DrillTarget {
    /// Everything that was archived.
    LATEST,
    /// One drawn from all that can be restored.
    RANDOM
  }

  /// @param backup who takes and fetches base backups; `AUTO` is wal-g where its binary is named
  /// @param wal who carries WAL; `AUTO` is the embedded engine
  /// @param walgBinary there is one where either of them is wal-g
  public record EngineConfig(EngineChoice backup, EngineChoice wal, Optional<Path> walgBinary) {
    /// The binary, where base backups are wal-g's.
    public Optional<Path> walgForBackups() {
      return switch (backup) {
        case AUTO, WALG -> walgBinary;
        case EMBEDDED -> Optional.empty();
      };
    }

    /// The binary, where WAL is wal-g's.
    public Optional<Path> walgForWal() {
      return switch (wal) {
        case WALG -> walgBinary;
        case AUTO, EMBEDDED -> Optional.empty();
      };
    }
  }

  /// @param port 0 takes a free one
  /// @param tokenFile what `/api` asks for; without one it is served on loopback only
  public record HttpConfig(String host, int port, Optional<Path> tokenFile) {
    /// Without a token.
    public HttpConfig(String host, int port) {
      this(host, port, Optional.empty());
    }
  }

  /// How the agent writes its log.
  public record LogConfig(LogFormat format) {}

  /// Who applies the retention rules.
  public enum RetentionRun {
    AGENT,
    JOB
  }

  /// Which engine packs; `AUTO` decides by what the configuration names.
  public enum EngineChoice {
    AUTO,
    EMBEDDED,
    WALG
  }
}
