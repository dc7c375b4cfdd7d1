package io.pgbackup.engine.walg;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.function.Consumer;

/// Splits what a program prints into lines of bounded length: what is beyond is passed over.
final class Lines {
  /// Of a log.
  static final int SHORT = 4096;

  /// Of a document that is printed as one line.
  static final int DOCUMENT = 4 << 20;

  private Lines() {}

  /// Reads to the end, or until the stream breaks.
  ///
  /// @param longest bytes of a line that are kept, at least [#SHORT]
  static void read(InputStream stream, int longest, Consumer<String> line) {
    byte[] buffer = new byte[8192];
    byte[] current = new byte[SHORT];
    int length = 0;
    try (stream) {
      for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
        for (int at = 0; at < read; at++) {
          if (buffer[at] == '\n') {
            line.accept(text(current, length));
            length = 0;
          } else if (length < longest) {
            if (length == current.length) {
              current = Arrays.copyOf(current, Math.min(longest, 2 * length));
            }
            current[length++] = buffer[at];
          }
        }
      }
    } catch (IOException _) {
      // the program was killed; what it said until then is kept
    }
    if (length > 0) {
      line.accept(text(current, length));
    }
  }

  /// Control characters could change what a terminal shows.
  private static String text(byte[] bytes, int length) {
    return new String(bytes, 0, length, UTF_8).replaceAll("\\p{Cntrl}", " ").stripTrailing();
  }
}
