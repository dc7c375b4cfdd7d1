package io.pgbackup.store.file;

import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;

/// What tells two contents of one name apart: time of modification (later with every
/// [FileObjectStore#replace]), size, and the file behind the name.
final class Version {
  private Version() {}

  static String of(BasicFileAttributes attributes) {
    return "%x-%x-%x"
        .formatted(
            nanoseconds(attributes),
            attributes.size(),
            String.valueOf(attributes.fileKey()).hashCode());
  }

  static long nanoseconds(BasicFileAttributes attributes) {
    return attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
  }
}
