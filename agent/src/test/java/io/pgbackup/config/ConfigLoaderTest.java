package io.pgbackup.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.pgbackup.config.PgBackupConfig.BackupConfig;
import io.pgbackup.config.PgBackupConfig.BackupSource;
import io.pgbackup.config.PgBackupConfig.ClientCertificate;
import io.pgbackup.config.PgBackupConfig.ClusterConfig;
import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.DeltaOrigin;
import io.pgbackup.config.PgBackupConfig.DrillConfig;
import io.pgbackup.config.PgBackupConfig.DrillTarget;
import io.pgbackup.config.PgBackupConfig.EncryptionConfig;
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
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.schedule.Crontab;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
  private static final String LEAST =
      """
      cluster: { name: orders }
      storage: { url: s3://backups }
      """;

  private static final String EVERY_KEY =
      """
      cluster:
        name: orders
        namespace: shop
        uid: 0b8f
      postgres:
        host: db.example
        port: 5433
        user: backup
        database: app
        passwordFile: /secrets/password
        sslMode: verify-full
        rootCertFile: /secrets/root.crt
        clientCertFile: /secrets/client.crt
        clientKeyFile: /secrets/client.key
        dataDirectory: /data/18
      storage:
        url: s3://backups
        endpoint: https://minio.example:9000
        region: eu-central-1
        pathStyle: false
        caFile: /secrets/ca.crt
        credentials:
          accessKeyIdFile: /secrets/id
          secretAccessKeyFile: /secrets/key
          sessionTokenFile: /secrets/token
        prefix: spilo/$(CLUSTER)/$(UID)/wal/$(PGVERSION)
      wal:
        enabled: false
        socket: /tmp/archive.sock
        compression: zstd
        source: stream
        streamInterval: 30s
      backup:
        enabled: false
        schedule: "0 3 * * 1"
        timeZone: Europe/Berlin
        compression: none
        threads: 3
        deltaMaxSteps: 6
        deltaOrigin: latest-full
        corruptPages: fail
        userData: { team: shop, size: 1 }
        maxRate: 50MiB
        maxRateHours: 08:00-20:00
        jitter: 30m
        deadline: 6h
        from: standby
      retention:
        run: job
        schedule: "5 4 * * *"
        jitter: 90s
        keepFull: 2
        keepDaily: 3
        keepWeekly: 4
        keepMonthly: 5
        keepYearly: 6
        window: 36h
      engine:
        backup: embedded
        wal: auto
        walgBinary: ""
      http:
        listen: "[::1]:1234"
      log: { format: json }
      drill:
        enabled: true
        schedule: "0 6 1 * *"
        timeZone: Asia/Tokyo
        jitter: 2h
        deadline: 8h
        directory: /srv/drills
        target: random
        probes: [SELECT 1, SELECT 2]
        pgBinDirectory: /opt/pg/bin
        credentialsFile: /secrets/restorer.json
      kubernetes:
        enabled: true
        pod: orders-0
        podUid: 8d1f
        configMap: orders-record
        apiServer: https://10.96.0.1
        tokenFolder: /secrets/kubernetes
      """;

  private static PgBackupConfig parse(String yaml) {
    return parse(yaml, Map.of());
  }

  private static PgBackupConfig parse(String yaml, Map<String, String> environment) {
    return new ConfigLoader(environment).parse("configuration agent.yaml", yaml);
  }

  private static Problem problem(String yaml, Map<String, String> environment) {
    PgBackupException thrown =
        catchThrowableOfType(PgBackupException.class, () -> parse(yaml, environment));
    assertThat(thrown).as("the configuration is refused").isNotNull();
    return thrown.problem();
  }

  private static String fault(String yaml) {
    return problem(yaml, Map.of()).message();
  }

  @Test
  void needsOnlyTheClustersNameAndTheStore() {
    assertThat(parse(LEAST))
        .isEqualTo(
            new PgBackupConfig(
                new ClusterConfig("orders", "default", Optional.empty()),
                new PostgresConfig(
                    "/var/run/postgresql",
                    5432,
                    "postgres",
                    "postgres",
                    Optional.empty(),
                    new ServerTls("prefer", Optional.empty(), Optional.empty()),
                    Path.of("/var/lib/postgresql/data")),
                new StorageConfig(
                    URI.create("s3://backups"),
                    Optional.empty(),
                    "us-east-1",
                    false,
                    Optional.empty(),
                    Optional.empty(),
                    "pgbackup/$(NAMESPACE)/$(CLUSTER)/$(UID)/$(PGVERSION)"),
                EncryptionConfig.NONE,
                new WalConfig(true, Path.of("/run/pgbackup/archive.sock"), Codec.LZ4),
                new BackupConfig(true, Crontab.parse("0 2 * * *"), ZoneId.of("UTC"), Codec.ZSTD, 0),
                new RetentionConfig(
                    RetentionRun.JOB,
                    Crontab.parse("30 3 * * *"),
                    Duration.ZERO,
                    7,
                    Duration.ofDays(14),
                    0,
                    0,
                    0,
                    0,
                    false),
                new EngineConfig(EngineChoice.AUTO, EngineChoice.EMBEDDED, Optional.empty()),
                new HttpConfig("127.0.0.1", 9797),
                new LogConfig(LogFormat.TEXT),
                Optional.empty(),
                new DrillConfig(
                    /* enabled= */ false,
                    Crontab.parse("0 5 * * 0"),
                    ZoneId.of("UTC"),
                    Duration.ZERO,
                    Optional.empty(),
                    Optional.empty(),
                    DrillTarget.LATEST,
                    List.of(),
                    Optional.empty(),
                    Optional.empty()),
                KubernetesConfig.OFF));
  }

  @Test
  void mapsEveryKey() {
    assertThat(parse(EVERY_KEY))
        .isEqualTo(
            new PgBackupConfig(
                new ClusterConfig("orders", "shop", Optional.of("0b8f")),
                new PostgresConfig(
                    "db.example",
                    5433,
                    "backup",
                    "app",
                    Optional.of(Path.of("/secrets/password")),
                    new ServerTls(
                        "verify-full",
                        Optional.of(Path.of("/secrets/root.crt")),
                        Optional.of(
                            new ClientCertificate(
                                Path.of("/secrets/client.crt"), Path.of("/secrets/client.key")))),
                    Path.of("/data/18")),
                new StorageConfig(
                    URI.create("s3://backups"),
                    Optional.of(URI.create("https://minio.example:9000")),
                    "eu-central-1",
                    false,
                    Optional.of(Path.of("/secrets/ca.crt")),
                    Optional.of(
                        new CredentialFiles(
                            Path.of("/secrets/id"),
                            Path.of("/secrets/key"),
                            Optional.of(Path.of("/secrets/token")))),
                    "spilo/$(CLUSTER)/$(UID)/wal/$(PGVERSION)"),
                EncryptionConfig.NONE,
                new WalConfig(
                    false,
                    Path.of("/tmp/archive.sock"),
                    Codec.ZSTD,
                    WalSource.STREAM,
                    Duration.ofSeconds(30)),
                new BackupConfig(
                    false,
                    Crontab.parse("0 3 * * 1"),
                    ZoneId.of("Europe/Berlin"),
                    Codec.NONE,
                    3,
                    6,
                    DeltaOrigin.LATEST_FULL,
                    Optional.of(
                        JsonNodeFactory.instance.objectNode().put("team", "shop").put("size", 1)),
                    Optional.of(
                        new RateConfig(
                            50 << 20,
                            Optional.of(new Hours(LocalTime.of(8, 0), LocalTime.of(20, 0))))),
                    Duration.ofMinutes(30),
                    Optional.of(Duration.ofHours(6)),
                    BackupSource.STANDBY,
                    PagePolicy.FAIL),
                new RetentionConfig(
                    RetentionRun.JOB,
                    Crontab.parse("5 4 * * *"),
                    Duration.ofSeconds(90),
                    2,
                    Duration.ofHours(36),
                    3,
                    4,
                    5,
                    6,
                    true),
                new EngineConfig(EngineChoice.EMBEDDED, EngineChoice.AUTO, Optional.empty()),
                new HttpConfig("::1", 1234),
                new LogConfig(LogFormat.JSON),
                Optional.empty(),
                new DrillConfig(
                    true,
                    Crontab.parse("0 6 1 * *"),
                    ZoneId.of("Asia/Tokyo"),
                    Duration.ofHours(2),
                    Optional.of(Duration.ofHours(8)),
                    Optional.of(Path.of("/srv/drills")),
                    DrillTarget.RANDOM,
                    List.of("SELECT 1", "SELECT 2"),
                    Optional.of(Path.of("/opt/pg/bin")),
                    Optional.of(Path.of("/secrets/restorer.json"))),
                new KubernetesConfig(
                    /* enabled= */ true,
                    Optional.of("orders-0"),
                    Optional.of("8d1f"),
                    Optional.of("orders-record"),
                    Optional.of(URI.create("https://10.96.0.1")),
                    Path.of("/secrets/kubernetes"))));
  }

  @Test
  void readsEveryKeyFromTheEnvironmentToo() {
    Map<String, String> environment = new HashMap<>();
    environment.put("PGBACKUP_CLUSTER_NAME", "orders");
    environment.put("PGBACKUP_CLUSTER_NAMESPACE", "shop");
    environment.put("PGBACKUP_CLUSTER_UID", "0b8f");
    environment.put("PGBACKUP_POSTGRES_HOST", "db.example");
    environment.put("PGBACKUP_POSTGRES_PORT", "5433");
    environment.put("PGBACKUP_POSTGRES_USER", "backup");
    environment.put("PGBACKUP_POSTGRES_DATABASE", "app");
    environment.put("PGBACKUP_POSTGRES_PASSWORD_FILE", "/secrets/password");
    environment.put("PGBACKUP_POSTGRES_SSL_MODE", "verify-full");
    environment.put("PGBACKUP_POSTGRES_ROOT_CERT_FILE", "/secrets/root.crt");
    environment.put("PGBACKUP_POSTGRES_CLIENT_CERT_FILE", "/secrets/client.crt");
    environment.put("PGBACKUP_POSTGRES_CLIENT_KEY_FILE", "/secrets/client.key");
    environment.put("PGBACKUP_POSTGRES_DATA_DIRECTORY", "/data/18");
    environment.put("PGBACKUP_STORAGE_URL", "s3://backups");
    environment.put("PGBACKUP_STORAGE_ENDPOINT", "https://minio.example:9000");
    environment.put("PGBACKUP_STORAGE_REGION", "eu-central-1");
    environment.put("PGBACKUP_STORAGE_PATH_STYLE", "false");
    environment.put("PGBACKUP_STORAGE_CA_FILE", "/secrets/ca.crt");
    environment.put("PGBACKUP_STORAGE_CREDENTIALS_ACCESS_KEY_ID_FILE", "/secrets/id");
    environment.put("PGBACKUP_STORAGE_CREDENTIALS_SECRET_ACCESS_KEY_FILE", "/secrets/key");
    environment.put("PGBACKUP_STORAGE_CREDENTIALS_SESSION_TOKEN_FILE", "/secrets/token");
    environment.put("PGBACKUP_STORAGE_PREFIX", "spilo/$(CLUSTER)/$(UID)/wal/$(PGVERSION)");
    environment.put("PGBACKUP_WAL_ENABLED", "false");
    environment.put("PGBACKUP_WAL_SOCKET", "/tmp/archive.sock");
    environment.put("PGBACKUP_WAL_COMPRESSION", "zstd");
    environment.put("PGBACKUP_WAL_SOURCE", "stream");
    environment.put("PGBACKUP_WAL_STREAM_INTERVAL", "30s");
    environment.put("PGBACKUP_BACKUP_ENABLED", "false");
    environment.put("PGBACKUP_BACKUP_SCHEDULE", "0 3 * * 1");
    environment.put("PGBACKUP_BACKUP_TIME_ZONE", "Europe/Berlin");
    environment.put("PGBACKUP_BACKUP_COMPRESSION", "none");
    environment.put("PGBACKUP_BACKUP_THREADS", "3");
    environment.put("PGBACKUP_BACKUP_DELTA_MAX_STEPS", "6");
    environment.put("PGBACKUP_BACKUP_DELTA_ORIGIN", "latest-full");
    environment.put("PGBACKUP_BACKUP_CORRUPT_PAGES", "fail");
    environment.put("PGBACKUP_BACKUP_USER_DATA", "{\"team\":\"shop\",\"size\":1}");
    environment.put("PGBACKUP_BACKUP_MAX_RATE", "50MiB");
    environment.put("PGBACKUP_BACKUP_MAX_RATE_HOURS", "08:00-20:00");
    environment.put("PGBACKUP_BACKUP_JITTER", "30m");
    environment.put("PGBACKUP_BACKUP_DEADLINE", "6h");
    environment.put("PGBACKUP_BACKUP_FROM", "standby");
    environment.put("PGBACKUP_RETENTION_JITTER", "90s");
    environment.put("PGBACKUP_LOG_FORMAT", "json");
    environment.put("PGBACKUP_RETENTION_RUN", "job");
    environment.put("PGBACKUP_RETENTION_SCHEDULE", "5 4 * * *");
    environment.put("PGBACKUP_RETENTION_KEEP_FULL", "2");
    environment.put("PGBACKUP_RETENTION_KEEP_DAILY", "3");
    environment.put("PGBACKUP_RETENTION_KEEP_WEEKLY", "4");
    environment.put("PGBACKUP_RETENTION_KEEP_MONTHLY", "5");
    environment.put("PGBACKUP_RETENTION_KEEP_YEARLY", "6");
    environment.put("PGBACKUP_RETENTION_WINDOW", "36h");
    environment.put("PGBACKUP_ENGINE_BACKUP", "embedded");
    environment.put("PGBACKUP_ENGINE_WAL", "auto");
    environment.put("PGBACKUP_HTTP_LISTEN", "[::1]:1234");
    environment.put("PGBACKUP_DRILL_ENABLED", "true");
    environment.put("PGBACKUP_DRILL_SCHEDULE", "0 6 1 * *");
    environment.put("PGBACKUP_DRILL_TIME_ZONE", "Asia/Tokyo");
    environment.put("PGBACKUP_DRILL_JITTER", "2h");
    environment.put("PGBACKUP_DRILL_DEADLINE", "8h");
    environment.put("PGBACKUP_DRILL_DIRECTORY", "/srv/drills");
    environment.put("PGBACKUP_DRILL_TARGET", "random");
    environment.put("PGBACKUP_DRILL_PROBES", "SELECT 1,SELECT 2");
    environment.put("PGBACKUP_DRILL_PG_BIN_DIRECTORY", "/opt/pg/bin");
    environment.put("PGBACKUP_DRILL_CREDENTIALS_FILE", "/secrets/restorer.json");
    environment.put("PGBACKUP_KUBERNETES_ENABLED", "true");
    environment.put("PGBACKUP_KUBERNETES_POD", "orders-0");
    environment.put("PGBACKUP_KUBERNETES_POD_UID", "8d1f");
    environment.put("PGBACKUP_KUBERNETES_CONFIG_MAP", "orders-record");
    environment.put("PGBACKUP_KUBERNETES_API_SERVER", "https://10.96.0.1");
    environment.put("PGBACKUP_KUBERNETES_TOKEN_FOLDER", "/secrets/kubernetes");

    assertThat(parse("", environment)).isEqualTo(parse(EVERY_KEY));
  }

  @Test
  void aPodKnowsItsNameAndWhereKubernetesIs() {
    Map<String, String> pod =
        Map.of(
            "HOSTNAME", "orders-0",
            "KUBERNETES_SERVICE_HOST", "fd00::1",
            "KUBERNETES_SERVICE_PORT", "6443");

    KubernetesConfig told = parse(LEAST + "kubernetes: { enabled: true }\n", pod).kubernetes();

    assertThat(told.pod()).contains("orders-0");
    assertThat(told.apiServer()).contains(URI.create("https://[fd00::1]:6443"));
    assertThat(parse(LEAST, pod).kubernetes()).isEqualTo(KubernetesConfig.OFF);
  }

  @Test
  void theEnvironmentGoesBeforeTheFileUnlessItIsEmpty() {
    PgBackupConfig config =
        parse(EVERY_KEY, Map.of("PGBACKUP_STORAGE_URL", "s3://others", "PGBACKUP_WAL_SOCKET", ""));

    assertThat(config.storage().url()).isEqualTo(URI.create("s3://others"));
    assertThat(config.wal().socket()).isEqualTo(Path.of("/tmp/archive.sock"));
  }

  @Test
  void reportsEveryFaultAtOnceInTheUsersWords() {
    Problem problem =
        problem(
            """
            storage:
              buket: backups
              pathStyle: "yes"
            backup:
              schedule: every day
              threads: 300
            retention: { keepFull: 0, window: 14 }
            """,
            Map.of("PGBACKUP_HTTP_LISTEN", "9797"));

    assertThat(problem).isInstanceOf(Problem.Misconfigured.class);
    assertThat(problem.message())
        .isEqualTo(
            """
            configuration agent.yaml has 9 problems:
              cluster.name: missing; for example orders
              storage.url: missing; for example s3://backups or file:///mnt/backups
              storage.pathStyle: must be true or false
              backup.schedule: 'every day' is not a crontab schedule: it has five fields, minute, \
            hour, day of month, month, day of week (example: 0 2 * * *), or is one \
            of @hourly, @daily, @weekly, @monthly and @yearly
              backup.threads: must be 0 to 256, got 300
              retention.keepFull: must be at least 1, got 0
              retention.window: must be text; put it in quotes
              PGBACKUP_HTTP_LISTEN (http.listen): must be an address and a port, such as \
            127.0.0.1:9797 or [::1]:9797; got '9797'
              storage.buket: unknown key""");
    assertThat(problem.hint()).contains("docs/configuration.md describes every key.");
  }

  @Test
  void anUnfinishedSegmentWaitsForMinutesAtTheMost() {
    assertThat(fault(LEAST + "wal: { streamInterval: 6m }"))
        .endsWith("wal.streamInterval: must be from 1s to 5m, got '6m'");
  }

  @Test
  void drillsNeedADirectoryAndFollowTheBackupsClock() {
    assertThat(fault(LEAST + "drill: { enabled: true }"))
        .endsWith(
            "drill.directory: missing; drills restore into it, and it needs room for all of the data");
    PgBackupConfig config = parse(LEAST + "backup: { timeZone: Asia/Tokyo }");
    assertThat(config.drill().enabled()).isFalse();
    assertThat(config.drill().timeZone()).isEqualTo(ZoneId.of("Asia/Tokyo"));
  }

  @Test
  void saysWhichKeyWasProbablyMeant() {
    assertThat(fault(LEAST + "wal: { sockett: /tmp/a }"))
        .endsWith("wal.sockett: unknown key; did you mean 'socket'?");
    assertThat(fault(LEAST + "bakcup: { threads: 1 }"))
        .endsWith("bakcup: unknown key; did you mean 'backup'?");
    assertThat(fault(LEAST + "backup: { keepfull: 1 }"))
        .endsWith("backup.keepfull: unknown key; did you mean 'retention.keepFull'?");
    assertThat(fault(LEAST + "wal: { colour: red }")).endsWith("wal.colour: unknown key");
    assertThat(fault(LEAST + "dataDirectory: /data"))
        .endsWith("dataDirectory: unknown key; did you mean 'postgres.dataDirectory'?");
  }

  @Test
  void refusesSecretsInTheFileAndInTheEnvironmentWithoutRepeatingThem() {
    String message =
        problem(
                """
                cluster: { name: orders }
                postgres: { password: hunter2 }
                storage:
                  url: s3://backups
                  endpoint: https://id:hunter2@minio.example
                  credentials:
                    accessKeyId: hunter2
                    secretAccessKey: hunter2
                    sessionToken: hunter2
                """,
                Map.of("PGBACKUP_POSTGRES_PASSWORD", "hunter2"))
            .message();

    assertThat(message)
        .contains(
            "  postgres.password: put it in a file and name it with passwordFile\n",
            "  PGBACKUP_POSTGRES_PASSWORD: put it in a file and name it with"
                + " PGBACKUP_POSTGRES_PASSWORD_FILE\n",
            "  storage.endpoint: must not hold a password; name files under storage.credentials\n",
            "  storage.credentials.accessKeyId: put it in a file and name it with"
                + " accessKeyIdFile\n",
            "  storage.credentials.secretAccessKey: put it in a file and name it with"
                + " secretAccessKeyFile\n",
            "  storage.credentials.sessionToken: put it in a file and name it with"
                + " sessionTokenFile")
        .doesNotContain("hunter2", "unknown key");
  }

  @Test
  void oneCredentialComesFromOneDocumentOrFromItsThreeFiles() {
    assertThat(
            new ConfigLoader(Map.of())
                .parse(
                    "agent.yaml",
                    """
                    cluster: { name: orders }
                    storage: { url: s3://backups, credentials: { file: /secrets/credentials.json } }
                    """)
                .storage()
                .credentials())
        .contains(new PgBackupConfig.CredentialJson(Path.of("/secrets/credentials.json")));
    assertThat(
            fault(
                """
                cluster: { name: orders }
                storage:
                  url: s3://backups
                  credentials:
                    file: /secrets/credentials.json
                    accessKeyIdFile: /secrets/id
                    secretAccessKeyFile: /secrets/secret
                """))
        .contains("storage.credentials.file: holds the whole credential: leave out either it or");
  }

  @Test
  void refusesWhatIsNotAMapping() {
    assertThat(fault("orders"))
        .isEqualTo(
            "configuration agent.yaml cannot be read: it is not a mapping of keys to values");
    assertThat(fault("storage: s3://backups"))
        .contains("storage: must be a mapping with keys of its own");
  }

  @Test
  void namesTheLineOfASyntaxErrorAndOfAKeyGivenTwice() {
    assertThat(fault("cluster:\n  name: [\n")).contains("cannot be read: line 2: ");
    assertThat(fault("cluster:\n  name: a\n  name: b\n"))
        .contains("cannot be read: line 3: ")
        .contains("name");
  }

  @Test
  void saysThatTheFileIsMissing(@TempDir Path folder) {
    Path file = folder.resolve("agent.yaml");

    assertThatThrownBy(() -> new ConfigLoader(Map.of()).load(file))
        .hasMessage("configuration " + file + " cannot be read: there is no such file");
  }

  @Test
  void loadsAFile(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("agent.yaml"), LEAST);

    assertThat(new ConfigLoader(Map.of()).load(file)).isEqualTo(parse(LEAST));
  }

  @Test
  void anUnknownVariableIsAFaultWithTheNearestName() {
    assertThatThrownBy(
            () ->
                new ConfigLoader(Map.of("PGBACKUP_STORAGE_PREFX", "spilo/orders"))
                    .parse("test", "{cluster: {name: a}, storage: {url: 's3://backups'}}"))
        .hasMessageEndingWith(
            "PGBACKUP_STORAGE_PREFX: unknown variable; did you mean 'PGBACKUP_STORAGE_PREFIX'?");
    assertThatThrownBy(
            () ->
                new ConfigLoader(Map.of("PGBACKUP_STORAGE", "s3://backups"))
                    .fromStoreUrl("s3://backups"))
        .hasMessageContaining("PGBACKUP_STORAGE: unknown variable");
  }

  @Test
  void variablesOfTheLaunchersAndOfKubernetesServicesAreNotOurs() {
    Map<String, String> environment = new HashMap<>();
    for (String name : List.of("CONFIG", "JAVA_OPTIONS", "JDK_FOLDERS", "WALG")) {
      environment.put("PGBACKUP_" + name, "x");
    }
    for (String service : List.of("", "AGENT_")) {
      environment.put("PGBACKUP_" + service + "SERVICE_HOST", "10.0.0.1");
      environment.put("PGBACKUP_" + service + "SERVICE_PORT", "9797");
      environment.put("PGBACKUP_" + service + "SERVICE_PORT_HTTP", "9797");
      environment.put("PGBACKUP_" + service + "PORT", "tcp://10.0.0.1:9797");
      environment.put("PGBACKUP_" + service + "PORT_9797_TCP", "tcp://10.0.0.1:9797");
      environment.put("PGBACKUP_" + service + "PORT_9797_TCP_ADDR", "10.0.0.1");
    }

    assertThat(new ConfigLoader(environment).fromStoreUrl("s3://backups").url().toString())
        .isEqualTo("s3://backups");
  }
}
