package io.pgbackup.config;

import io.pgbackup.config.PgBackupConfig.CredentialFiles;
import io.pgbackup.config.PgBackupConfig.CredentialJson;
import io.pgbackup.config.PgBackupConfig.CredentialSource;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.config.StorageDialect.Checksum;
import io.pgbackup.lineage.PrefixTemplate;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Reads `storage`: what is left out depends on whose store it is.
final class StorageReader {
  static final String DEFAULT_REGION = "us-east-1";
  private static final List<String> OF_ONE_SECRET =
      List.of("accessKeyIdFile", "secretAccessKeyFile", "sessionTokenFile");
  private static final URI PLACEHOLDER = URI.create("file:///");

  private StorageReader() {}

  static StorageConfig read(Section section) {
    URI url =
        section.required(
            "url", Values.STORE_URL, "s3://backups or file:///mnt/backups", PLACEHOLDER);
    Optional<R2Account> account = account(section);
    Optional<URI> endpoint = section.optional("endpoint", Values.ENDPOINT);
    if (account.isPresent() && endpoint.isPresent()) {
      section.fault(
          "endpoint",
          "must be left out where cloudflareAccountId is given, which it is built from");
    }
    Optional<URI> address = endpoint.or(() -> account.map(R2Account::endpoint));
    address.ifPresent(it -> section.follows("endpoint", it.toString()));
    return new StorageConfig(
        url,
        address,
        section.withDefault("region", Values.TEXT, region(address, section)),
        section.withDefault("pathStyle", Values.BOOLEAN, address.isPresent()),
        section.optional("caFile", Values.ABSOLUTE_PATH),
        credentials(section.section("credentials")),
        section.withDefault("prefix", Values.PREFIX, PrefixTemplate.DEFAULT.text()),
        dialect(section.section("dialect")));
  }

  private static StorageDialect dialect(Section section) {
    return new StorageDialect(
        section.withDefault(
            "checksum", Values.oneOf(Checksum.class), StorageDialect.DEFAULT.checksum()),
        section.withDefault("batchDelete", Values.BOOLEAN, StorageDialect.DEFAULT.batchDelete()));
  }

  private static Optional<R2Account> account(Section section) {
    Optional<String> id =
        section.optional(
            "cloudflareAccountId",
            Values.matching(R2Account.ID, "the account's 32 hexadecimal digits"));
    R2Account.Jurisdiction jurisdiction =
        section.withDefault(
            "jurisdiction",
            Values.oneOf(R2Account.Jurisdiction.class),
            R2Account.Jurisdiction.DEFAULT);
    if (jurisdiction != R2Account.Jurisdiction.DEFAULT && !section.says("cloudflareAccountId")) {
      section.fault("jurisdiction", "is R2's, and needs cloudflareAccountId beside it");
    }
    return id.map(account -> new R2Account(account, jurisdiction));
  }

  /// On AWS the platform that gives the credentials often names the region too.
  private static String region(Optional<URI> address, Section section) {
    if (address.isEmpty()) {
      return section.variable("AWS_REGION").orElse(DEFAULT_REGION);
    }
    return address.flatMap(R2Account::of).isPresent() ? "auto" : DEFAULT_REGION;
  }

  private static Optional<CredentialSource> credentials(Section section) {
    Optional<CredentialSource> document =
        section.optional("file", Values.SECRET_FILE).map(CredentialJson::new);
    Optional<CredentialSource> files = files(section);
    if (section.says("file") && OF_ONE_SECRET.stream().anyMatch(section::says)) {
      section.fault(
          "file",
          "holds the whole credential: leave out either it or accessKeyIdFile, secretAccessKeyFile"
              + " and sessionTokenFile");
    }
    return document.or(() -> files);
  }

  private static Optional<CredentialSource> files(Section section) {
    section.refuseInline("accessKeyId");
    section.refuseInline("secretAccessKey");
    section.refuseInline("sessionToken");
    Optional<Path> access = section.optional("accessKeyIdFile", Values.SECRET_FILE);
    Optional<Path> secret = section.optional("secretAccessKeyFile", Values.SECRET_FILE);
    Optional<Path> token = section.optional("sessionTokenFile", Values.SECRET_FILE);
    boolean any = OF_ONE_SECRET.stream().anyMatch(section::says);
    for (String key : List.of("accessKeyIdFile", "secretAccessKeyFile")) {
      if (any && !section.says(key)) {
        section.fault(key, "missing; the access key and its secret belong together");
      }
    }
    return access.flatMap(id -> secret.map(key -> new CredentialFiles(id, key, token)));
  }
}
