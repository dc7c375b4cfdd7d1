package io.pgbackup.engine.format;

import java.util.Arrays;
import java.util.Optional;

/// How an object is compressed; the text after the last dot of its name says it.
public enum Codec {
  LZ4(".lz4"),
  ZSTD(".zst"),
  NONE("");

  private final String extension;

  Codec(String extension) {
    this.extension = extension;
  }

  /// With its dot, empty for none.
  public String extension() {
    return extension;
  }

  /// The codec of a name with this extension (with its dot).
  public static Optional<Codec> byExtension(String extension) {
    return Arrays.stream(values()).filter(codec -> codec.extension.equals(extension)).findFirst();
  }
}
