package io.pgbackup.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.config.PgBackupConfig.HttpConfig;
import io.pgbackup.config.PgBackupConfig.RetentionRun;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each rule of each section, violated.
class ConfigRulesTest {
  private static PgBackupConfig with(String... overrides) {
    Map<String, String> environment = new HashMap<>();
    environment.put("PGBACKUP_CLUSTER_NAME", "orders");
    environment.put("PGBACKUP_STORAGE_URL", "s3://backups");
    for (int index = 0; index < overrides.length; index += 2) {
      environment.put("PGBACKUP_" + overrides[index], overrides[index + 1]);
    }
    return new ConfigLoader(environment).parse("configuration", "");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          CLUSTER_NAME           | a/b                  | must be letters, digits, '-', '_' and '.', got 'a/b'
          CLUSTER_NAMESPACE      | -a                   | must be letters, digits, '-', '_' and '.', got '-a'
          CLUSTER_UID            | a b                  | must be at most 63 letters
          POSTGRES_PORT          | 0                    | must be 1 to 65535, got 0
          POSTGRES_PORT          | x                    | must be a whole number, got 'x'
          POSTGRES_PASSWORD_FILE | password             | must be an absolute path
          POSTGRES_SSL_MODE      | verify               | must be disable, prefer, require, verify-ca or verify-full, got 'verify'
          POSTGRES_SSL_MODE      | verify-ca            | postgres.rootCertFile: missing; sslMode verify-ca checks against it
          POSTGRES_CLIENT_CERT_FILE | /client.crt       | postgres.clientKeyFile: missing; clientCertFile needs its key
          POSTGRES_CLIENT_KEY_FILE | /client.key        | postgres.clientCertFile: missing; clientKeyFile is the key of one
          POSTGRES_DATA_DIRECTORY | data                | must be an absolute path
          STORAGE_URL            | backups              | must begin with s3:// or file:///, as in s3://backups
          STORAGE_URL            | gs://backups         | must begin with s3:// or file:///, as in s3://backups
          STORAGE_URL            | s3://                | must be s3://bucket or file:///directory
          STORAGE_URL            | s3://a               | must name a bucket as in s3://backups
          STORAGE_URL            | s3://backups/orders  | must be the bucket alone, s3://backups; the folder in it belongs in storage.prefix
          STORAGE_URL            | file://mnt/backups   | must have three slashes before the directory, as in file:///mnt/backups
          STORAGE_URL            | s3://back ups        | must be s3://bucket or file:///directory
          STORAGE_ENDPOINT       | minio.example:9000   | must be the store's address, as in https://minio.example:9000
          STORAGE_ENDPOINT       | https://minio/backups | must have no path
          STORAGE_PATH_STYLE     | yes                  | must be true or false, got 'yes'
          STORAGE_CLOUDFLARE_ACCOUNT_ID | 123           | must be the account's 32 hexadecimal digits, got '123'
          STORAGE_JURISDICTION   | us                   | must be default, eu or fedramp, got 'us'
          STORAGE_JURISDICTION   | eu                   | storage.jurisdiction: is R2's, and needs cloudflareAccountId beside it
          STORAGE_CA_FILE        | ca.pem               | must be an absolute path
          STORAGE_CREDENTIALS_ACCESS_KEY_ID_FILE | /id  | storage.credentials.secretAccessKeyFile: missing; the access key and its secret belong together
          STORAGE_CREDENTIALS_FILE               | id   | STORAGE_CREDENTIALS_FILE (storage.credentials.file): must be an absolute path
          STORAGE_CREDENTIALS_SESSION_TOKEN_FILE | /id  | storage.credentials.accessKeyIdFile: missing; the access key and its secret belong together
          STORAGE_PREFIX         | a/../b               | is not an object key
          STORAGE_PREFIX         | a/$(SCOPE)           | $(SCOPE)
          STORAGE_PREFIX         | $(UID)               | a prefix with variables has $(CLUSTER) and $(UID)
          STORAGE_PREFIX         | a/${UID}             | '$' begins a variable like $(CLUSTER), got '${UID}'
          WAL_ENABLED            | 1                    | must be true or false, got '1'
          WAL_SOCKET             | archive.sock         | must be an absolute path
          WAL_COMPRESSION        | gzip                 | must be lz4, zstd, brotli, lzma or none, got 'gzip'
          BACKUP_SCHEDULE        | 0 25 * * *           | hour '25': 25 is not between 0 and 23
          BACKUP_TIME_ZONE       | Europe/Berln         | must be a time zone such as UTC or Europe/Berlin, got 'Europe/Berln'; did you mean 'Europe/Berlin'?
          BACKUP_COMPRESSION     | LZ4                  | must be lz4, zstd, brotli, lzma or none, got 'LZ4'
          BACKUP_THREADS         | -1                   | must be 0 to 256, got -1
          RETENTION_RUN          | never                | must be agent or job, got 'never'
          RETENTION_SCHEDULE     | daily                | 'daily' is not a crontab schedule
          RETENTION_KEEP_FULL    | 0                    | must be at least 1, got 0
          RETENTION_WINDOW       | 14 days              | must be a number with s, m, h, d or w, such as 30s or 14d; got '14 days'
          RETENTION_WINDOW       | 0d                   | must be longer than nothing, got '0d'
          ENGINE_BACKUP          | wal-g                | engine.walgBinary: missing; the engine wal-g runs the program that it names
          ENGINE_WAL             | fast                 | must be auto, embedded or wal-g, got 'fast'
          ENGINE_WAL             | wal-g                | engine.walgBinary: missing; the engine wal-g runs the program that it names
          ENGINE_WALG_BINARY     | wal-g                | must be an absolute path
          HTTP_LISTEN            | localhost            | must be an address and a port
          HTTP_LISTEN            | localhost:70000      | must be an address and a port
          """)
  void refuses(String variable, String value, String reason) {
    assertThatThrownBy(() -> with(variable, value))
        .hasMessageContaining(reason)
        .hasMessageContaining("configuration has ");
  }

  @Test
  void deletesNothingForWhoNeverSpokeOfRetention() {
    assertThat(with("RETENTION_SCHEDULE", "0 4 * * *").retention().run())
        .isEqualTo(RetentionRun.JOB);
    assertThat(with("RETENTION_WINDOW", "7d").retention().run()).isEqualTo(RetentionRun.AGENT);
    assertThat(with("RETENTION_KEEP_FULL", "3").retention().run()).isEqualTo(RetentionRun.AGENT);
    assertThat(with("RETENTION_RUN", "agent").retention().run()).isEqualTo(RetentionRun.AGENT);
  }

  @Test
  void durationsAreANumberAndAUnit() {
    assertThat(with("RETENTION_WINDOW", "30s").retention().window())
        .isEqualTo(Duration.ofSeconds(30));
    assertThat(with("RETENTION_WINDOW", "5m").retention().window())
        .isEqualTo(Duration.ofMinutes(5));
    assertThat(with("RETENTION_WINDOW", "36h").retention().window())
        .isEqualTo(Duration.ofHours(36));
    assertThat(with("RETENTION_WINDOW", "2w").retention().window()).isEqualTo(Duration.ofDays(14));
  }

  @Test
  void buildsTheAddressOfCloudflareFromTheAccount() {
    StorageConfig storage =
        with("STORAGE_CLOUDFLARE_ACCOUNT_ID", "0123456789abcdef0123456789abcdef").storage();

    assertThat(storage.endpoint())
        .contains(URI.create("https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com"));
    assertThat(storage.region()).isEqualTo("auto");
    assertThat(storage.pathStyle()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"default,''", "eu,.eu", "fedramp,.fedramp"})
  void buildsTheAddressOfAJurisdiction(String jurisdiction, String label) {
    StorageConfig storage =
        with(
                "STORAGE_CLOUDFLARE_ACCOUNT_ID",
                "0123456789abcdef0123456789abcdef",
                "STORAGE_JURISDICTION",
                jurisdiction)
            .storage();

    assertThat(storage.endpoint())
        .contains(
            URI.create(
                "https://0123456789abcdef0123456789abcdef" + label + ".r2.cloudflarestorage.com"));
    assertThat(storage.endpoint().flatMap(R2Account::of))
        .contains(
            new R2Account(
                "0123456789abcdef0123456789abcdef",
                R2Account.Jurisdiction.valueOf(jurisdiction.toUpperCase(Locale.ROOT))));
  }

  @Test
  void knowsAnAddressOfCloudflareThatIsWrittenOut() {
    String address = "https://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com";

    StorageConfig storage = with("STORAGE_ENDPOINT", address).storage();

    assertThat(storage.endpoint()).contains(URI.create(address));
    assertThat(storage.region()).isEqualTo("auto");
    assertThat(storage.pathStyle()).isTrue();
  }

  @Test
  void refusesAnEndpointBesideACloudflareAccount() {
    assertThatThrownBy(
            () ->
                with(
                    "STORAGE_CLOUDFLARE_ACCOUNT_ID",
                    "0123456789abcdef0123456789abcdef",
                    "STORAGE_ENDPOINT",
                    "https://minio.example"))
        .hasMessageContaining("storage.endpoint: must be left out");
  }

  @Test
  void usesPathStyleWhereAnEndpointIsGiven() {
    assertThat(with("STORAGE_ENDPOINT", "http://localhost:9000").storage().pathStyle()).isTrue();
    assertThat(with().storage().pathStyle()).isFalse();
  }

  @Test
  void aStoreDoesAsAwsDoesUnlessItIsSaid() {
    assertThat(with().storage().dialect()).isEqualTo(StorageDialect.DEFAULT);
    assertThat(with("STORAGE_DIALECT_CHECKSUM", "md5").storage().dialect())
        .isEqualTo(new StorageDialect(StorageDialect.Checksum.MD5, true));
    assertThat(with("STORAGE_DIALECT_BATCH_DELETE", "false").storage().dialect())
        .isEqualTo(new StorageDialect(StorageDialect.Checksum.CRC32C, false));
  }

  @Test
  void takesTheRegionThatThePlatformNamesOnlyForAmazonsOwnStore() {
    Map<String, String> environment = new HashMap<>();
    environment.put("PGBACKUP_CLUSTER_NAME", "orders");
    environment.put("PGBACKUP_STORAGE_URL", "s3://backups");
    environment.put("AWS_REGION", "eu-west-1");
    assertThat(new ConfigLoader(environment).parse("", "").storage().region())
        .isEqualTo("eu-west-1");

    environment.put("PGBACKUP_STORAGE_ENDPOINT", "http://localhost:9000");
    assertThat(new ConfigLoader(environment).parse("", "").storage().region())
        .isEqualTo("us-east-1");
  }

  @Test
  void listensWhereItIsTold() {
    assertThat(with("HTTP_LISTEN", "0.0.0.0:80").http()).isEqualTo(new HttpConfig("0.0.0.0", 80));
    assertThat(with("HTTP_LISTEN", "localhost:0").http()).isEqualTo(new HttpConfig("localhost", 0));
  }

  @Property
  void acceptsTheClusterNamesThatAClusterMayHave(
      @ForAll
          @Chars({'.', '_', '-', '/'})
          @CharRange(from = 'a', to = 'c')
          @StringLength(min = 1, max = 6)
          String name) {
    assertThat(accepted("CLUSTER_NAME", name)).isEqualTo(made(() -> new ClusterId("n", name)));
    assertThat(accepted("CLUSTER_UID", name)).isEqualTo(made(() -> new LineageUid(name)));
  }

  private static boolean accepted(String variable, String value) {
    try {
      with(variable, value);
      return true;
    } catch (RuntimeException _) {
      return false;
    }
  }

  private static boolean made(Runnable constructor) {
    try {
      constructor.run();
      return true;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  @Test
  void aStoreUrlTakesTheRestFromTheVariablesOfAmazonAndWalg() {
    ConfigLoader loader =
        new ConfigLoader(
            Map.of(
                "AWS_REGION", "eu-west-1",
                "AWS_ENDPOINT", "http://localhost:9000",
                "AWS_CA_BUNDLE", "/etc/ca.pem"));

    assertThat(loader.fromStoreUrl("s3://backups"))
        .isEqualTo(
            new StorageConfig(
                URI.create("s3://backups"),
                Optional.of(URI.create("http://localhost:9000")),
                "eu-west-1",
                true,
                Optional.of(Path.of("/etc/ca.pem")),
                Optional.empty(),
                "pgbackup/$(NAMESPACE)/$(CLUSTER)/$(UID)/$(PGVERSION)"));
  }

  @Test
  void theMostSpecificVariableWins() {
    Map<String, String> environment = new HashMap<>();
    environment.put("AWS_ENDPOINT", "http://third:1");
    environment.put("AWS_ENDPOINT_URL", "http://second:1");
    environment.put("AWS_ENDPOINT_URL_S3", "http://first:1");
    assertThat(new ConfigLoader(environment).fromStoreUrl("s3://backups").endpoint())
        .contains(URI.create("http://first:1"));

    environment.put("PGBACKUP_STORAGE_ENDPOINT", "http://ours:1");
    assertThat(new ConfigLoader(environment).fromStoreUrl("s3://backups").endpoint())
        .contains(URI.create("http://ours:1"));
  }

  @Test
  void aStoreUrlGoesBeforeTheEnvironmentsStore() {
    ConfigLoader loader = new ConfigLoader(Map.of("PGBACKUP_STORAGE_URL", "s3://others"));

    assertThat(loader.fromStoreUrl("file:///mnt/backups").url())
        .isEqualTo(URI.create("file:///mnt/backups"));
  }

  @Test
  void refusesAStoreUrlThatIsNone() {
    assertThatThrownBy(() -> new ConfigLoader(Map.of()).fromStoreUrl("backups"))
        .hasMessage("--store: must begin with s3:// or file:///, as in s3://backups");
  }
}
