package io.pgbackup.config;

import io.pgbackup.config.PgBackupConfig.BackupConfig;
import io.pgbackup.config.PgBackupConfig.BackupSource;
import io.pgbackup.config.PgBackupConfig.ClientCertificate;
import io.pgbackup.config.PgBackupConfig.ClusterConfig;
import io.pgbackup.config.PgBackupConfig.DeltaOrigin;
import io.pgbackup.config.PgBackupConfig.DrillConfig;
import io.pgbackup.config.PgBackupConfig.DrillTarget;
import io.pgbackup.config.PgBackupConfig.EngineChoice;
import io.pgbackup.config.PgBackupConfig.EngineConfig;
import io.pgbackup.config.PgBackupConfig.HttpConfig;
import io.pgbackup.config.PgBackupConfig.KubernetesConfig;
import io.pgbackup.config.PgBackupConfig.LogConfig;
import io.pgbackup.config.PgBackupConfig.PagePolicy;
import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.RateConfig;
import io.pgbackup.config.PgBackupConfig.RetentionConfig;
import io.pgbackup.config.PgBackupConfig.RetentionRun;
import io.pgbackup.config.PgBackupConfig.ServerTls;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.config.PgBackupConfig.WalConfig;
import io.pgbackup.config.PgBackupConfig.WalSource;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.log.LogFormat;
import io.pgbackup.schedule.Crontab;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/// Reads each section into its record: here stand the keys, their rules and their defaults.
final class ConfigReader {
  private static final Value<Integer> POINTS = Values.integer(0, 100_000);
  private static final String FOLDER_NAME = "[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?";
  private static final String UID = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
  private static final String OBJECT_NAME = "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?";
  private static final String LETTERS = "letters, digits, '-', '_' and '.'";
  private static final List<String> SSL_MODES =
      List.of("disable", "prefer", "require", "verify-ca", "verify-full");

  private static final List<String> RETENTION_RULES =
      List.of("keepFull", "window", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly");

  /// Names the binary for whoever chose the engine wal-g.
  private static final String WALG_VARIABLE = "PGBACKUP_WALG";

  private ConfigReader() {}

  static PgBackupConfig read(Section root) {
    ClusterConfig cluster = cluster(root.section("cluster"));
    PostgresConfig postgres = postgres(root.section("postgres"));
    StorageConfig storage = StorageReader.read(root.section("storage"));
    BackupConfig backup = backup(root.section("backup"));
    return new PgBackupConfig(
        cluster,
        postgres,
        storage,
        EncryptionReader.read(root.section("encryption")),
        wal(root.section("wal")),
        backup,
        retention(root.section("retention")),
        engine(root.section("engine")),
        http(root.section("http")),
        new LogConfig(
            root.section("log")
                .withDefault("format", Values.oneOf(LogFormat.class), LogFormat.TEXT)),
        BrokerReader.read(root.section("broker"), storage),
        drill(root.section("drill"), backup.timeZone()),
        kubernetes(root.section("kubernetes")));
  }

  private static ClusterConfig cluster(Section section) {
    Value<String> folder = Values.matching(FOLDER_NAME, LETTERS);
    return new ClusterConfig(
        section.required("name", folder, "orders", "?"),
        section.withDefault("namespace", folder, "default"),
        section.optional("uid", Values.matching(UID, "at most 63 " + LETTERS)));
  }

  private static PostgresConfig postgres(Section section) {
    section.refuseInline("password");
    return new PostgresConfig(
        section.withDefault("host", Values.TEXT, "/var/run/postgresql"),
        section.withDefault("port", Values.integer(1, 65535), 5432),
        section.withDefault("user", Values.TEXT, "postgres"),
        section.withDefault("database", Values.TEXT, "postgres"),
        section.optional("passwordFile", Values.SECRET_FILE),
        serverTls(section),
        section.withDefault(
            "dataDirectory", Values.ABSOLUTE_PATH, Path.of("/var/lib/postgresql/data")));
  }

  private static ServerTls serverTls(Section section) {
    String mode = section.withDefault("sslMode", Values.oneOf(SSL_MODES), "prefer");
    Optional<Path> root = section.optional("rootCertFile", Values.ABSOLUTE_PATH);
    if (mode.startsWith("verify-") && !section.says("rootCertFile")) {
      section.fault("rootCertFile", "missing; sslMode %s checks against it".formatted(mode));
    }
    Optional<Path> certificate = section.optional("clientCertFile", Values.ABSOLUTE_PATH);
    Optional<Path> key = section.optional("clientKeyFile", Values.SECRET_FILE);
    if (section.says("clientCertFile") && !section.says("clientKeyFile")) {
      section.fault("clientKeyFile", "missing; clientCertFile needs its key");
    }
    if (section.says("clientKeyFile") && !section.says("clientCertFile")) {
      section.fault("clientCertFile", "missing; clientKeyFile is the key of one");
    }
    return new ServerTls(
        mode, root, certificate.flatMap(file -> key.map(its -> new ClientCertificate(file, its))));
  }

  private static WalConfig wal(Section section) {
    return new WalConfig(
        section.withDefault("enabled", Values.BOOLEAN, true),
        section.withDefault("socket", Values.ABSOLUTE_PATH, Path.of("/run/pgbackup/archive.sock")),
        section.withDefault("compression", Values.CODEC, Codec.LZ4),
        section.withDefault("source", Values.oneOf(WalSource.class), WalSource.SOCKET),
        section.withDefault("streamInterval", Values.STREAM_INTERVAL, WalConfig.STREAM_INTERVAL));
  }

  private static BackupConfig backup(Section section) {
    return new BackupConfig(
        section.withDefault("enabled", Values.BOOLEAN, true),
        section.withDefault("schedule", Values.CRONTAB, Crontab.parse("0 2 * * *")),
        section.withDefault("timeZone", Values.TIME_ZONE, ZoneId.of("UTC")),
        section.withDefault("compression", Values.CODEC, Codec.ZSTD),
        section.withDefault("threads", Values.integer(0, 256), 0),
        section.withDefault("deltaMaxSteps", Values.integer(0, 1000), 0),
        section.withDefault("deltaOrigin", Values.DELTA_ORIGIN, DeltaOrigin.LATEST),
        section.anything("userData"),
        maxRate(section),
        section.optional("jitter", Values.DURATION).orElse(Duration.ZERO),
        section.optional("deadline", Values.DURATION),
        section.withDefault("from", Values.oneOf(BackupSource.class), BackupSource.PRIMARY),
        section.withDefault("corruptPages", Values.oneOf(PagePolicy.class), PagePolicy.RECORD));
  }

  private static Optional<RateConfig> maxRate(Section section) {
    Optional<Long> rate = section.optional("maxRate", Values.SIZE);
    Optional<Hours> hours = section.optional("maxRateHours", Values.HOURS);
    return rate.map(bytes -> new RateConfig(bytes, hours));
  }

  private static RetentionConfig retention(Section section) {
    // An upgrade or a new agent must not delete for somebody who never spoke of retention.
    boolean given = RETENTION_RULES.stream().anyMatch(section::says);
    RetentionRun usual = given ? RetentionRun.AGENT : RetentionRun.JOB;
    return new RetentionConfig(
        section.withDefault("run", Values.oneOf(RetentionRun.class), usual),
        section.withDefault("schedule", Values.CRONTAB, Crontab.parse("30 3 * * *")),
        section.optional("jitter", Values.DURATION).orElse(Duration.ZERO),
        section.withDefault("keepFull", Values.integer(1, Integer.MAX_VALUE), 7),
        section.withDefault("window", Values.DURATION, Duration.ofDays(14)),
        section.withDefault("keepDaily", POINTS, 0),
        section.withDefault("keepWeekly", POINTS, 0),
        section.withDefault("keepMonthly", POINTS, 0),
        section.withDefault("keepYearly", POINTS, 0),
        given);
  }

  private static DrillConfig drill(Section section, ZoneId zone) {
    boolean enabled = section.withDefault("enabled", Values.BOOLEAN, false);
    Optional<Path> directory = section.optional("directory", Values.ABSOLUTE_PATH);
    if (enabled && !section.says("directory")) {
      section.fault(
          "directory", "missing; drills restore into it, and it needs room for all of the data");
    }
    return new DrillConfig(
        enabled,
        section.withDefault("schedule", Values.CRONTAB, DrillConfig.SCHEDULE),
        section.withDefault("timeZone", Values.TIME_ZONE, zone),
        section.optional("jitter", Values.DURATION).orElse(Duration.ZERO),
        section.optional("deadline", Values.DURATION),
        directory,
        section.withDefault("target", Values.oneOf(DrillTarget.class), DrillTarget.LATEST),
        section.list("probes", Values.TEXT),
        section.optional("pgBinDirectory", Values.ABSOLUTE_PATH),
        section.optional("credentialsFile", Values.SECRET_FILE));
  }

  private static KubernetesConfig kubernetes(Section section) {
    Value<String> name = Values.matching(OBJECT_NAME, "lower-case letters, digits, '-' and '.'");
    boolean enabled = section.withDefault("enabled", Values.BOOLEAN, false);
    Optional<String> pod = section.optional("pod", name);
    if (enabled && !section.says("pod")) {
      // the pod's name is its host name, unless it is told otherwise
      pod = section.variable("HOSTNAME").filter(host -> host.matches(OBJECT_NAME));
      pod.ifPresent(host -> section.follows("pod", host));
    }
    Optional<URI> apiServer = section.optional("apiServer", Values.ENDPOINT);
    if (enabled && !section.says("apiServer")) {
      apiServer = apiServer(section);
      apiServer.ifPresent(url -> section.follows("apiServer", url.toString()));
    }
    return new KubernetesConfig(
        enabled,
        pod,
        section.optional("podUid", Values.TEXT),
        section.optional("configMap", name),
        apiServer,
        section.withDefault("tokenFolder", Values.ABSOLUTE_PATH, KubernetesConfig.TOKEN_FOLDER));
  }

  /// As Kubernetes says it in every container.
  private static Optional<URI> apiServer(Section section) {
    return section
        .variable("KUBERNETES_SERVICE_HOST")
        .map(host -> host.contains(":") ? "[" + host + "]" : host)
        .map(
            host ->
                URI.create(
                    "https://%s:%s"
                        .formatted(
                            host, section.variable("KUBERNETES_SERVICE_PORT").orElse("443"))));
  }

  private static EngineConfig engine(Section section) {
    EngineChoice backup = section.withDefault("backup", Values.ENGINE, EngineChoice.AUTO);
    EngineChoice wal = section.withDefault("wal", Values.ENGINE, EngineChoice.EMBEDDED);
    Optional<Path> binary = section.optional("walgBinary", Values.ABSOLUTE_PATH);
    boolean chosen = backup == EngineChoice.WALG || wal == EngineChoice.WALG;
    if (chosen && !section.says("walgBinary")) {
      // a binary that merely lies there must not change what auto means
      binary = section.variable(WALG_VARIABLE).map(Path::of);
      binary.ifPresent(it -> section.follows("walgBinary", it.toString()));
      if (binary.isEmpty()) {
        section.fault(
            "walgBinary",
            "missing; the engine wal-g runs the program that it names (or %s)"
                .formatted(WALG_VARIABLE));
      }
    }
    return new EngineConfig(backup, wal, binary);
  }

  private static HttpConfig http(Section section) {
    section.refuseInline("token");
    HttpConfig address =
        section.withDefault("listen", Values.LISTEN, new HttpConfig("127.0.0.1", 9797));
    return new HttpConfig(
        address.host(), address.port(), section.optional("tokenFile", Values.SECRET_FILE));
  }
}
