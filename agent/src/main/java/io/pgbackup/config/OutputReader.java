package io.pgbackup.config;

import io.pgbackup.config.OutputConfig.Place;
import io.pgbackup.credentials.policy.Role;
import io.pgbackup.lineage.LineageUid;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads `broker.outputs`. No two may be kept in one place: each would replace the other's.
final class OutputReader {
  private static final Value<String> FOLDER_NAME =
      Values.matching(
          "[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", "letters, digits, '-', '_' and '.'");
  private static final Value<String> KUBERNETES_NAME =
      Values.matching(
          "[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", "lower-case letters, digits, '-' and '.'");
  private static final Value<LineageUid> UID = Value.text(LineageUid::new);
  private static final Value<Set<PosixFilePermission>> MODE = Value.text(OutputReader::mode);
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rw-------");

  private OutputReader() {}

  static List<OutputConfig> read(Section broker) {
    List<OutputConfig> outputs = new ArrayList<>();
    Set<Place> places = new HashSet<>();
    for (Section section : broker.sections("outputs")) {
      String namespace = section.withDefault("namespace", FOLDER_NAME, "default");
      String cluster = section.required("cluster", FOLDER_NAME, "orders", "?");
      Optional<LineageUid> uid = section.optional("uid", UID);
      Role role = section.required("role", Values.oneOf(Role.class), "archiver", Role.ARCHIVER);
      Optional<Duration> life = section.optional("timeToLive", Values.DURATION);
      place(section, namespace)
          .ifPresent(
              place -> {
                if (!places.add(place(place))) {
                  section.fault("", "another output is kept in the same place");
                }
                outputs.add(new OutputConfig(namespace, cluster, uid, role, life, place));
              });
    }
    return outputs;
  }

  /// Whatever its mode.
  private static Place place(Place place) {
    return switch (place) {
      case Place.File file -> new Place.File(file.path().normalize(), OWNER_ONLY);
      case Place.Secret secret -> secret;
    };
  }

  private static Optional<Place> place(Section section, String namespace) {
    Optional<Path> file = section.optional("file", Values.ABSOLUTE_PATH);
    Set<PosixFilePermission> mode = section.withDefault("mode", MODE, OWNER_ONLY);
    boolean kubernetes = section.says("secret");
    if (kubernetes == section.says("file")) {
      section.fault(
          "file", kubernetes ? "there is 'secret' too; one of them" : "missing, or 'secret' is");
    }
    Section secret = section.section("secret");
    if (!kubernetes) {
      return file.map(path -> new Place.File(path, mode));
    }
    if (section.says("mode")) {
      section.fault("mode", "means nothing to a Secret");
    }
    return Optional.of(
        new Place.Secret(
            secret.withDefault("namespace", KUBERNETES_NAME, namespace),
            secret.required("name", KUBERNETES_NAME, "orders-store-archiver", "?")));
  }

  private static Set<PosixFilePermission> mode(String text) {
    if (!text.matches("0?[4-7][04]0")) {
      throw new IllegalArgumentException(
          "must be four digits such as 0600 or 0640, with nothing for others; got '" + text + "'");
    }
    Set<PosixFilePermission> mode = new HashSet<>();
    int bits = Integer.parseInt(text, 8);
    PosixFilePermission[] each = PosixFilePermission.values();
    for (int i = 0; i < each.length; i++) {
      if ((bits & (0400 >> i)) != 0) {
        mode.add(each[i]);
      }
    }
    return mode;
  }
}
