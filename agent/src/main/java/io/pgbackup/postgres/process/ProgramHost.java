package io.pgbackup.postgres.process;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where PostgreSQL's programs run: on this machine, or in the container beside ours, where
/// `pgbackup-client run` carries them out. Both containers see the data under the same paths, and
/// need not see each other's processes. One for the whole process, because a pod has one database.
public final class ProgramHost {
  private static volatile @Nullable Path socket;

  private ProgramHost() {}

  /// From now on, all programs run at the other end of this socket.
  ///
  /// @param runner in a folder that both containers may write
  public static void use(Path runner) {
    socket = runner;
  }

  static Optional<Path> socket() {
    return Optional.ofNullable(socket);
  }
}
