package io.pgbackup.engine.embedded;

import io.pgbackup.engine.Throttle;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/// Reads from files that a server writes at the same time, no faster than it may.
record SourceReading(Throttle throttle) {
  /// Fills the beginning of a buffer, from where the channel stands. What the file does not have
  /// any more is zeroes.
  ///
  /// @return how many bytes came from the file
  int fill(SourceFile file, FileChannel source, byte[] buffer, int length) throws IOException {
    ByteBuffer into = ByteBuffer.wrap(buffer, 0, length);
    try {
      while (into.hasRemaining() && source.read(into) >= 0) {}
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "reading " + file.source() + " failed: " + e.getMessage(),
              "Look at the disk and the kernel's log: the server cannot read the file either.")
          .causedBy(e);
    }
    throttle.pass(into.position());
    Arrays.fill(buffer, into.position(), length, (byte) 0);
    return into.position();
  }
}
