package io.pgbackup.config.walg;

import io.pgbackup.config.AccessKeys;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where the archive lies and how it is reached.
record StorageMapping(WalgNames names, Mapping mapping) {
  private static final Pattern S3_PREFIX = Pattern.compile("s3://([^/]+)/*(.*)");
  private static final Pattern WAL_E_ENDPOINT =
      Pattern.compile("(https?)\\+(path|virtualhost|subdomain)://(.+)");
  private static final String FILE_URL = "file://";
  private static final String LOCALHOST = "file://localhost";
  private static final Set<String> TRUE = Set.of("1", "t", "T", "true", "TRUE", "True");

  Optional<AccessKeys> map() {
    String storage = storage();
    String spelled = names.spelling(storage + "_PREFIX").orElseThrow();
    String prefix = names.general(spelled).orElseThrow();
    return switch (storage) {
      case "S3" -> {
        s3(spelled, prefix);
        yield keys();
      }
      default -> {
        file(spelled, prefix);
        yield Optional.empty();
      }
    };
  }

  /// The first that is set, in WAL-G's order.
  private String storage() {
    Map<String, String> others = new LinkedHashMap<>();
    others.put("GS", "Google Cloud Storage");
    others.put("AZ", "Azure");
    others.put("SWIFT", "Swift");
    others.put("SSH", "SSH");
    if (isSet("OSS")) {
      throw notHere("OSS", "Alibaba OSS");
    }
    if (isSet("S3")) {
      return "S3";
    }
    if (isSet("FILE")) {
      return "FILE";
    }
    others.forEach(
        (storage, called) -> {
          if (isSet(storage)) {
            throw notHere(storage, called);
          }
        });
    throw Mapping.refused(
        "WALG_S3_PREFIX",
        "not set, and no other storage is",
        "WAL-G's settings name the archive with WALG_S3_PREFIX or WALG_FILE_PREFIX.");
  }

  private boolean isSet(String storage) {
    return names.spelling(storage + "_PREFIX").isPresent();
  }

  private RuntimeException notHere(String storage, String called) {
    return Mapping.refused(
        names.spelling(storage + "_PREFIX").orElseThrow(),
        "pgbackup has no storage for " + called,
        "Copy the archive into an S3 bucket or a directory, and name that with --store.");
  }

  private void s3(String spelled, String prefix) {
    Matcher matcher = S3_PREFIX.matcher(prefix);
    if (!matcher.matches()) {
      throw Mapping.refused(spelled, "must look like s3://bucket/folder", "Correct it there.");
    }
    mapping.set("PGBACKUP_STORAGE_URL", "s3://" + matcher.group(1));
    folder(matcher.group(2));
    Optional<String> endpoint = endpoint();
    endpoint.ifPresent(
        address -> {
          mapping.set("PGBACKUP_STORAGE_ENDPOINT", address);
          mapping.set("PGBACKUP_STORAGE_PATH_STYLE", String.valueOf(pathStyle()));
        });
    names
        .ofStorage("AWS_REGION")
        .ifPresent(region -> mapping.set("PGBACKUP_STORAGE_REGION", region));
    names
        .ofStorage("S3_CA_CERT_FILE", "AWS_CA_BUNDLE")
        .ifPresent(file -> mapping.set("PGBACKUP_STORAGE_CA_FILE", file));
    refuseWhatChangesTheObjects();
  }

  private void refuseWhatChangesTheObjects() {
    names
        .spelling("S3_SSE_C")
        .ifPresent(
            spelled -> {
              throw Mapping.refused(
                  spelled,
                  "objects encrypted by the store with a customer's key cannot be read",
                  "Copy the archive into a bucket without such a key.");
            });
    names
        .spelling("S3_ENDPOINT_SOURCE")
        .ifPresent(
            spelled -> {
              throw Mapping.refused(
                  spelled,
                  "an endpoint that another service tells is not supported",
                  "Set AWS_ENDPOINT instead.");
            });
  }

  private Optional<String> endpoint() {
    Optional<String> aws = names.ofStorage("AWS_ENDPOINT");
    Optional<String> walE = names.ofStorage("S3_ENDPOINT").flatMap(StorageMapping::ofWalE);
    return aws.map(address -> address.contains("://") ? address : "https://" + address)
        .or(() -> walE);
  }

  /// `https+path://minio.example:9000`, which Spilo writes beside AWS_ENDPOINT.
  private static Optional<String> ofWalE(String endpoint) {
    Matcher matcher = WAL_E_ENDPOINT.matcher(endpoint);
    return matcher.matches()
        ? Optional.of(matcher.group(1) + "://" + matcher.group(3))
        : Optional.empty();
  }

  private boolean pathStyle() {
    return names
        .ofStorage("AWS_S3_FORCE_PATH_STYLE")
        .map(TRUE::contains)
        .orElseGet(
            () ->
                names
                    .ofStorage("S3_ENDPOINT")
                    .map(endpoint -> endpoint.contains("+path://"))
                    .orElse(false));
  }

  private void file(String spelled, String prefix) {
    String path = prefix.startsWith(LOCALHOST) ? prefix.substring(LOCALHOST.length()) : prefix;
    if (!path.startsWith("/")) {
      throw Mapping.refused(spelled, "must be an absolute path", "Correct it there.");
    }
    mapping.set("PGBACKUP_STORAGE_URL", FILE_URL + encoded(path));
    folder("");
  }

  private static String encoded(String path) {
    return Path.of(path).toUri().getRawPath().replaceAll("(?<=.)/+$", "");
  }

  /// `/` is the root, since an empty text would count as not given.
  private void folder(String inPrefix) {
    String below = names.general("WALG_STORAGE_PREFIX").orElse("");
    String folder = (inPrefix + "/" + below).replaceAll("/+", "/").replaceAll("^/|/$", "");
    mapping.set("PGBACKUP_STORAGE_PREFIX", folder.isEmpty() ? "/" : folder);
  }

  private Optional<AccessKeys> keys() {
    Optional<String> id = names.ofStorage("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY").map(String::strip);
    Optional<String> secret =
        names.ofStorage("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY").map(String::strip);
    Optional<String> token = names.ofStorage("AWS_SESSION_TOKEN").map(String::strip);
    if (id.isPresent() != secret.isPresent()) {
      throw Mapping.refused(
          id.isPresent() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
          "missing; the access key and its secret belong together",
          "Set both, or neither to have them looked for where every AWS tool does.");
    }
    return id.flatMap(key -> secret.map(value -> new AccessKeys(key, value, token)));
  }
}
