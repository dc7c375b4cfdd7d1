package io.pgbackup.config;

import io.pgbackup.config.BrokerConfig.BrokerKind;
import io.pgbackup.config.BrokerConfig.ParentKeys;
import io.pgbackup.config.PgBackupConfig.HttpConfig;
import io.pgbackup.config.PgBackupConfig.StorageConfig;
import io.pgbackup.credentials.policy.Role;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads `broker`. A key beside a kind that does not use it is a fault: it would be believed to
/// limit something.
final class BrokerReader {
  private static final Value<String> ROLE_ARN =
      Values.matching(
          "arn:[a-z-]+:iam::[0-9]{12}:role/.+", "like arn:aws:iam::123456789012:role/x");

  private static final Map<String, Set<BrokerKind>> USED_BY =
      Map.of(
          "endpoint", Set.of(BrokerKind.MINIO, BrokerKind.AWS),
          "accessKeyIdFile", Set.of(BrokerKind.MINIO, BrokerKind.AWS, BrokerKind.R2),
          "secretAccessKeyFile", Set.of(BrokerKind.MINIO, BrokerKind.AWS, BrokerKind.R2),
          "roleArn", Set.of(BrokerKind.AWS),
          "cloudflareAccountId", Set.of(BrokerKind.R2),
          "jurisdiction", Set.of(BrokerKind.R2),
          "keysDirectory", Set.of(BrokerKind.STATIC));

  private BrokerReader() {}

  static Optional<BrokerConfig> read(Section section, StorageConfig storage) {
    section.refuseInline("accessKeyId");
    section.refuseInline("secretAccessKey");
    Optional<BrokerKind> kind = section.optional("kind", Values.oneOf(BrokerKind.class));
    Optional<URI> endpoint = section.optional("endpoint", Values.ENDPOINT);
    Optional<ParentKeys> keys = keys(section);
    Map<Role, String> arns = roleArns(section);
    Optional<String> account =
        section.optional(
            "cloudflareAccountId",
            Values.matching(R2Account.ID, "the account's 32 hexadecimal digits"));
    Optional<String> jurisdiction =
        section.optional("jurisdiction", Values.oneOf(List.of("eu", "fedramp")));
    Optional<Path> directory = section.optional("keysDirectory", Values.ABSOLUTE_PATH);
    Map<Role, Duration> timeToLive = perRole(section.section("timeToLive"), Values.DURATION);
    List<OutputConfig> outputs = OutputReader.read(section);
    HttpConfig listen = section.withDefault("listen", Values.LISTEN, BrokerConfig.LISTEN);
    if (!section.says("kind")) {
      USED_BY.keySet().stream()
          .filter(section::says)
          .findAny()
          .ifPresent(_ -> section.fault("kind", "missing; for example minio"));
    }
    if (kind.isEmpty()) {
      return Optional.empty();
    }
    refuseOthers(section, kind.get());
    boolean cloudflare = kind.get() == BrokerKind.R2;
    Optional<R2Account> known =
        cloudflare ? storage.endpoint().flatMap(R2Account::of) : Optional.empty();
    BrokerConfig broker =
        new BrokerConfig(
            kind.get(),
            kind.get() == BrokerKind.MINIO ? endpoint.or(storage::endpoint) : endpoint,
            keys,
            arns,
            account.or(() -> known.map(R2Account::id)),
            jurisdiction.or(() -> known.flatMap(BrokerReader::jurisdiction)),
            directory,
            timeToLive,
            outputs,
            listen);
    requireOwn(section, broker);
    return Optional.of(broker);
  }

  private static Optional<ParentKeys> keys(Section section) {
    Optional<Path> access = section.optional("accessKeyIdFile", Values.SECRET_FILE);
    Optional<Path> secret = section.optional("secretAccessKeyFile", Values.SECRET_FILE);
    for (String key : List.of("accessKeyIdFile", "secretAccessKeyFile")) {
      boolean other = section.says("accessKeyIdFile") || section.says("secretAccessKeyFile");
      if (other && !section.says(key)) {
        section.fault(key, "missing; the access key and its secret belong together");
      }
    }
    return access.flatMap(id -> secret.map(key -> new ParentKeys(id, key)));
  }

  private static Map<Role, String> roleArns(Section section) {
    Optional<String> one = section.optional("roleArn", ROLE_ARN);
    Map<Role, String> arns = perRole(section.section("roleArns"), ROLE_ARN);
    one.ifPresent(
        arn -> {
          for (Role role : Role.values()) {
            arns.putIfAbsent(role, arn);
          }
        });
    return arns;
  }

  private static <T> Map<Role, T> perRole(Section section, Value<T> value) {
    Map<Role, T> values = new EnumMap<>(Role.class);
    for (Role role : Role.values()) {
      section.optional(role.word(), value).ifPresent(given -> values.put(role, given));
    }
    return values;
  }

  private static Optional<String> jurisdiction(R2Account account) {
    return account.jurisdiction() == R2Account.Jurisdiction.DEFAULT
        ? Optional.empty()
        : Optional.of(account.jurisdiction().word());
  }

  private static void refuseOthers(Section section, BrokerKind kind) {
    USED_BY.forEach(
        (key, kinds) -> {
          if (section.says(key) && !kinds.contains(kind)) {
            section.fault(key, "means nothing to the kind " + word(kind));
          }
        });
  }

  private static void requireOwn(Section section, BrokerConfig broker) {
    switch (broker.kind()) {
      case MINIO -> {
        requireKeys(section, broker);
        if (broker.endpoint().isEmpty() && !section.says("endpoint")) {
          section.fault("endpoint", "missing, and storage.endpoint is too; MinIO has an address");
        }
      }
      case R2 -> {
        requireKeys(section, broker);
        if (broker.cloudflareAccountId().isEmpty() && !section.says("cloudflareAccountId")) {
          section.fault("cloudflareAccountId", "missing, and storage names no account either");
        }
      }
      case AWS -> {
        for (Role role : Role.values()) {
          if (!broker.roleArns().containsKey(role)) {
            section.fault("roleArns." + role.word(), "missing, and roleArn for all of them is too");
          }
        }
      }
      case STATIC -> {
        if (!section.says("keysDirectory")) {
          section.fault("keysDirectory", "missing; the kind static hands out the keys in it");
        }
        if (!broker.timeToLive().isEmpty()) {
          section.fault("timeToLive", "means nothing to the kind static: its keys do not expire");
        }
      }
    }
  }

  private static void requireKeys(Section section, BrokerConfig broker) {
    if (!section.says("accessKeyIdFile") && !section.says("secretAccessKeyFile")) {
      section.fault(
          "accessKeyIdFile",
          "missing; the kind %s derives credentials from a key".formatted(word(broker.kind())));
    }
  }

  private static String word(BrokerKind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
