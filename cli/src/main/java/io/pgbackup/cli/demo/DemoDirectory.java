package io.pgbackup.cli.demo;

import io.pgbackup.postgres.process.ServerUser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;

/// Where everything of one demo lies. Below `/tmp`, which every user can enter and whose path is
/// short enough for a Unix socket.
///
/// @param root owned by the server's user, so that agent and server may write beside the data
record DemoDirectory(Path root) {
  private static final SecureRandom RANDOM = new SecureRandom();

  static DemoDirectory create(ServerUser user) {
    try {
      Path root = Files.createDirectory(unusedName()).toRealPath();
      Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
      user.own(root);
      return new DemoDirectory(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Short, because a person may type it.
  private static Path unusedName() {
    return Path.of("/tmp", "pgbackup-demo-" + HexFormat.of().toHexDigits(RANDOM.nextLong(), 6));
  }

  Path data() {
    return root.resolve("data");
  }

  Path cloned() {
    return root.resolve("clone");
  }

  /// Unix sockets of PostgreSQL and of the agent.
  Path run() {
    return root.resolve("run");
  }

  Path bucket() {
    return root.resolve("bucket");
  }

  Path config() {
    return root.resolve("agent.yaml");
  }

  Path log(String name) {
    return root.resolve(name + ".log");
  }

  Path secret(String name) {
    return root.resolve(name);
  }

  /// The launchers and their libraries, copied from where they were built.
  Path program() {
    return root.resolve("program");
  }
}
