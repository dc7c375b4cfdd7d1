package io.pgbackup.engine.walg;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialEndpoint;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The whole environment of a wal-g, from our configuration: its own settings and those of the
/// libraries in it. Secrets are files or come over loopback. Immutable.
final class WalgEnvironment {
  /// What it inherits, where it is set: nothing of it is a setting of WAL-G.
  private static final Map<String, String> INHERITED =
      inherited("PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR");

  private static final String NO_FILE = "/dev/null";

  private final StorageConfig storage;
  private final PostgresConfig postgres;
  private final EncryptionSettings encryption;
  private final Scratch scratch;
  private final Optional<CredentialEndpoint> credentials;

  /// @param credentials for a store in S3
  WalgEnvironment(
      StorageConfig storage,
      PostgresConfig postgres,
      EncryptionSettings encryption,
      Scratch scratch,
      Optional<CredentialEndpoint> credentials) {
    this.storage = storage;
    this.postgres = postgres;
    this.encryption = encryption;
    this.scratch = scratch;
    this.credentials = credentials;
  }

  private static Map<String, String> inherited(String... names) {
    Map<String, String> found = new LinkedHashMap<>();
    for (String name : names) {
      String value = System.getenv(name);
      if (value != null) {
        found.put(name, value);
      }
    }
    return Map.copyOf(found);
  }

  /// To write into an archive.
  Map<String, String> writing(ArchiveLayout layout, Codec codec) {
    Map<String, String> settings = common(layout);
    settings.put("WALG_COMPRESSION_METHOD", codec.name().toLowerCase(Locale.ROOT));
    settings.putAll(encryption.writing());
    return settings;
  }

  /// To read from an archive; what compresses an object is told by its name.
  Map<String, String> reading(ArchiveLayout layout) {
    Map<String, String> settings = common(layout);
    settings.putAll(encryption.reading());
    return settings;
  }

  private Map<String, String> common(ArchiveLayout layout) {
    Map<String, String> settings = new LinkedHashMap<>(INHERITED);
    settings.put("HOME", scratch.directory().toString());
    // otherwise it would read what lies in the user's home directory
    settings.put("WALG_CONFIG_PATH", scratch.file("wal-g.json", "{}").toString());
    String folder = layout.prefix().path().replaceAll("/$", "");
    if ("file".equals(storage.url().getScheme())) {
      settings.put("WALG_FILE_PREFIX", Path.of(storage.url()).resolve(folder).toString());
    } else {
      s3(settings, folder);
    }
    return settings;
  }

  private void s3(Map<String, String> settings, String folder) {
    settings.put("WALG_S3_PREFIX", storage.url() + "/" + folder);
    settings.put("AWS_REGION", storage.region());
    settings.put("AWS_S3_FORCE_PATH_STYLE", Boolean.toString(storage.pathStyle()));
    storage.endpoint().ifPresent(endpoint -> settings.put("AWS_ENDPOINT", endpoint.toString()));
    storage.caFile().ifPresent(file -> settings.put("S3_CA_CERT_FILE", file.toString()));
    // else every listing asks for the bucket's versioning, which an archiver may not see
    settings.put("S3_ENABLE_VERSIONING", "disabled");
    settings.put("AWS_EC2_METADATA_DISABLED", "true");
    settings.put("AWS_SHARED_CREDENTIALS_FILE", NO_FILE);
    settings.put("AWS_CONFIG_FILE", NO_FILE);
    credentials.ifPresent(
        endpoint -> {
          settings.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.uri().toString());
          settings.put(
              "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
              scratch.file("credentials-token", endpoint.token()).toString());
        });
  }

  /// It sends `Content-MD5` whatever we say, and deletes with DeleteObjects only.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` where the store does not know that
  void requireBatchDelete() {
    if ("s3".equals(storage.url().getScheme()) && !storage.dialect().batchDelete()) {
      throw Problem.refused(
              "wal-g deletes with DeleteObjects only, and storage.dialect.batchDelete is false",
              "The retention rules delete one by one: let them do it.")
          .asException();
    }
  }

  /// What keeps a run from replacing an object. In S3 the store itself refuses; the header goes
  /// with every request, so such a run cannot read. In a directory WAL-G looks first and then
  /// writes.
  Map<String, String> creatingOnly() {
    return credentials.isPresent()
        ? Map.of("S3_REQUEST_ADDITIONAL_HEADERS", "{\"If-None-Match\":\"*\"}")
        : Map.of("WALG_PREVENT_WAL_OVERWRITE", "true");
  }

  /// To connect to the server, with the same settings as ourselves.
  Map<String, String> connecting() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("PGHOST", postgres.host());
    settings.put("PGPORT", Integer.toString(postgres.port()));
    settings.put("PGUSER", postgres.user());
    settings.put("PGDATABASE", postgres.database());
    settings.put("PGSSLMODE", postgres.tls().mode());
    postgres.tls().rootCertFile().ifPresent(file -> settings.put("PGSSLROOTCERT", file.toString()));
    postgres
        .tls()
        .client()
        .ifPresent(
            client -> {
              settings.put("PGSSLCERT", client.certificate().toString());
              settings.put("PGSSLKEY", client.key().toString());
            });
    settings.put(
        "PGPASSFILE",
        postgres
            .passwordFile()
            .map(file -> scratch.file("pgpass", passwordLine(file)).toString())
            .orElse(NO_FILE));
    settings.put("PGAPPNAME", "pgbackup wal-g");
    settings.put(
        "PGOPTIONS",
        "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0");
    return settings;
  }

  private static String passwordLine(Path file) {
    String password = SecretFile.line(file, "password file");
    return "*:*:*:*:" + password.replace("\\", "\\\\").replace(":", "\\:") + "\n";
  }

  /// For what it prints.
  Redaction redaction() {
    return new Redaction(encryption.secrets());
  }
}
