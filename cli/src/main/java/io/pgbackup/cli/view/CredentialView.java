package io.pgbackup.cli.view;

import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.CredentialDocument;
import io.pgbackup.lineage.ClusterId;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A credential in the forms that other programs read. Everything here holds secrets.
public final class CredentialView {
  /// What a shell's form begins with, and what may be replaced by the next one.
  public static final String ENV_HEAD = "# pgbackup: ";

  private CredentialView() {}

  /// Field by field as agent and command line read it; `null` where there is none.
  public static Map<String, @Nullable Object> json(CredentialDocument document) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("version", 1);
    json.put("role", document.role().word());
    json.put("bucket", document.bucket());
    json.put("prefix", document.folder().path());
    json.put("accessKeyId", document.keys().accessKeyId());
    json.put("secretAccessKey", document.keys().secretAccessKey());
    json.put("sessionToken", document.keys().sessionToken().orElse(null));
    json.put("issuedAt", document.issuedAt());
    json.put("expiration", document.expiration().orElse(null));
    return json;
  }

  /// Lines for a shell, also readable as a file of `NAME='value'`. The token is always there: an
  /// old one in the environment would spoil a key that has none.
  public static String env(ClusterId cluster, CredentialDocument document, StorageConfig storage) {
    StringBuilder lines =
        new StringBuilder(ENV_HEAD)
            .append(document.role().word())
            .append(" of ")
            .append(cluster)
            .append(", expires ")
            .append(document.expiration().map(Instant::toString).orElse("never"))
            .append('\n');
    line(lines, "AWS_ACCESS_KEY_ID", document.keys().accessKeyId());
    line(lines, "AWS_SECRET_ACCESS_KEY", document.keys().secretAccessKey());
    line(lines, "AWS_SESSION_TOKEN", document.keys().sessionToken().orElse(""));
    line(lines, "AWS_REGION", storage.region());
    storage
        .endpoint()
        .ifPresent(endpoint -> line(lines, "AWS_ENDPOINT_URL_S3", endpoint.toString()));
    if (storage.pathStyle()) {
      line(lines, "AWS_S3_FORCE_PATH_STYLE", "true");
    }
    line(lines, "PGBACKUP_STORAGE_URL", storage.url().toString());
    return lines.toString();
  }

  private static void line(StringBuilder lines, String name, String value) {
    lines.append(name).append("='").append(value.replace("'", "'\\''")).append("'\n");
  }
}
