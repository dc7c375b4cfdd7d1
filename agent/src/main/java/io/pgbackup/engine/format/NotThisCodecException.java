package io.pgbackup.engine.format;

import java.io.IOException;

/// The first bytes are not those with which the codec's frames begin.
final class NotThisCodecException extends IOException {
  private static final long serialVersionUID = 1L;

  NotThisCodecException() {
    super("unknown magic number");
  }
}
