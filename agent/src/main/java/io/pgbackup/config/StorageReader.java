package io.pgbackup.config;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.lineage.PrefixTemplate;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Reads `storage`: what is left out depends on whose store it is.
final class StorageReader {
  static final String DEFAULT_REGION = "us-east-1";
  private static final URI PLACEHOLDER = URI.create("file:///");

  private StorageReader() {}

  static StorageConfig read(Section section) {
    URI url =
        section.required(
            "url", Values.STORE_URL, "s3://backups or file:///mnt/backups", PLACEHOLDER);
    Optional<String> account =
        section.optional(
            "cloudflareAccountId",
            Values.matching("[0-9a-f]{32}", "the account's 32 hexadecimal digits"));
    Optional<URI> endpoint = section.optional("endpoint", Values.ENDPOINT);
    if (account.isPresent() && endpoint.isPresent()) {
      section.fault(
          "endpoint",
          "must be left out where cloudflareAccountId is given, which it is built from");
    }
    Optional<URI> address = endpoint.or(() -> account.map(StorageReader::cloudflare));
    return new StorageConfig(
        url,
        address,
        section.withDefault(
            "region", Values.TEXT, region(account.isPresent(), address.isEmpty(), section)),
        section.withDefault("pathStyle", Values.BOOLEAN, address.isPresent()),
        section.optional("caFile", Values.ABSOLUTE_PATH),
        credentials(section.section("credentials")),
        section.withDefault("prefix", Values.PREFIX, PrefixTemplate.DEFAULT.text()));
  }

  private static URI cloudflare(String account) {
    return URI.create("https://" + account + ".r2.cloudflarestorage.com");
  }

  /// On AWS the platform that gives the credentials often names the region too.
  private static String region(boolean cloudflare, boolean aws, Section section) {
    if (cloudflare) {
      return "auto";
    }
    return aws ? section.variable("AWS_REGION").orElse(DEFAULT_REGION) : DEFAULT_REGION;
  }

  private static Optional<CredentialFiles> credentials(Section section) {
    section.refuseInline("accessKeyId");
    section.refuseInline("secretAccessKey");
    section.refuseInline("sessionToken");
    Optional<Path> access = section.optional("accessKeyIdFile", Values.ABSOLUTE_PATH);
    Optional<Path> secret = section.optional("secretAccessKeyFile", Values.ABSOLUTE_PATH);
    Optional<Path> token = section.optional("sessionTokenFile", Values.ABSOLUTE_PATH);
    boolean any =
        section.says("accessKeyIdFile")
            || section.says("secretAccessKeyFile")
            || section.says("sessionTokenFile");
    for (String key : List.of("accessKeyIdFile", "secretAccessKeyFile")) {
      if (any && !section.says(key)) {
        section.fault(key, "missing; the access key and its secret belong together");
      }
    }
    return access.flatMap(id -> secret.map(key -> new CredentialFiles(id, key, token)));
  }
}
