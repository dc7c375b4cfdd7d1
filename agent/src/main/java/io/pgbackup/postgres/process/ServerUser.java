package io.pgbackup.postgres.process;

import com.sun.security.auth.module.UnixSystem;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// As whom PostgreSQL runs. PostgreSQL refuses to run as root, so root changes to another user: the
/// owner of the data directory, or for a new one `postgres` where that user exists and `nobody`
/// elsewhere. Anybody else runs PostgreSQL as themselves.
///
/// Immutable.
public final class ServerUser {
  private static final Duration QUICK = Duration.ofSeconds(20);

  private final Optional<Account> account;

  private ServerUser(Optional<Account> account) {
    this.account = account;
  }

  /// @param name empty for a number without an entry in the user database, as in containers
  private record Account(long uid, long gid, Optional<String> name) {}

  /// Ourselves, whoever that is.
  public static ServerUser ourselves() {
    return new ServerUser(Optional.empty());
  }

  /// The user that an existing data directory belongs to.
  ///
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if root owns it
  public static ServerUser ownerOf(Path dataDirectory) {
    if (!weAreRoot()) {
      return ourselves();
    }
    long uid = ownerId(dataDirectory);
    if (uid == 0) {
      throw Problem.refused(
              "root owns " + dataDirectory + ", and PostgreSQL does not run as root",
              "Give the directory to the user that PostgreSQL runs as (chown -R).")
          .asException();
    }
    return new ServerUser(
        Optional.of(new Account(uid, attribute(dataDirectory, "unix:gid"), nameOf(uid))));
  }

  /// The user that a new data directory in this folder shall belong to: the folder's owner, as the
  /// server's other directories often lie beside it.
  public static ServerUser forNewDirectoryIn(Path folder) {
    return !weAreRoot() || ownerId(folder) == 0 ? forNewDirectory() : ownerOf(folder);
  }

  /// The user that a data directory which does not exist yet shall belong to.
  public static ServerUser forNewDirectory() {
    if (!weAreRoot()) {
      return ourselves();
    }
    for (String name : List.of("postgres", "nobody")) {
      Optional<Account> account = account(name);
      if (account.isPresent()) {
        return new ServerUser(account);
      }
    }
    throw Problem.postgresFailed(
            "there is no user to run PostgreSQL as: neither postgres nor nobody exists",
            "Run the command as a user other than root, or create the user postgres.")
        .asException();
  }

  public static boolean weAreRoot() {
    return new UnixSystem().getUid() == 0;
  }

  /// The user as a person knows it; its number where it has no name.
  public String name() {
    return account
        .map(known -> known.name().orElse(Long.toString(known.uid())))
        .orElseGet(() -> new UnixSystem().getUsername());
  }

  /// A command that runs the given one as this user. The process is replaced and not wrapped where
  /// setpriv exists, so signals reach it.
  public List<String> command(List<String> command) {
    if (account.isEmpty()) {
      return List.copyOf(command);
    }
    Account known = account.get();
    List<String> full = new ArrayList<>();
    if (Programs.find("setpriv").isPresent()) {
      full.add("setpriv");
      full.add("--reuid=" + known.uid());
      full.add("--regid=" + known.gid());
      // The user's further groups may be what lets the server read its TLS key.
      full.add(known.name().isPresent() ? "--init-groups" : "--clear-groups");
      full.add("--");
    } else if (known.name().isPresent() && Programs.find("runuser").isPresent()) {
      full.addAll(List.of("runuser", "-u", known.name().get(), "--"));
    } else if (known.name().isPresent()) {
      full.addAll(
          List.of("su", known.name().get(), "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\"", "--"));
    } else {
      throw Problem.postgresFailed(
              "cannot run PostgreSQL as user " + known.uid() + ": setpriv is missing",
              "Install util-linux, or run the command as that user.")
          .asException();
    }
    full.addAll(command);
    return full;
  }

  /// Whether the file belongs to this user, and not to us. Linux lets not even root append to
  /// somebody else's file in a sticky directory (fs.protected_regular), so this user opens it.
  boolean owns(Path file) {
    return account.isPresent() && Files.exists(file) && ownerId(file) == account.get().uid();
  }

  /// Makes this user the owner of a file or directory; does nothing unless we are root.
  public void own(Path path) {
    if (account.isEmpty()) {
      return;
    }
    try {
      chown(path, account.get());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Like [#own], with everything inside. Symbolic links are not followed.
  public void ownTree(Path directory) {
    if (account.isEmpty()) {
      return;
    }
    Account known = account.get();
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes)
                throws IOException {
              chown(path, known);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
                throws IOException {
              chown(path, known);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Whether this user may enter a directory, through all its parents.
  public boolean canEnter(Path directory) {
    return Commands.run(command(List.of("/bin/sh", "-c", "cd \"$0\"", directory.toString())), QUICK)
        .succeeded();
  }

  private static void chown(Path path, Account account) throws IOException {
    Files.setAttribute(path, "unix:uid", (int) account.uid(), LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(path, "unix:gid", (int) account.gid(), LinkOption.NOFOLLOW_LINKS);
  }

  private static Optional<Account> account(String name) {
    CommandResult uid = Commands.run(List.of("id", "-u", name), QUICK);
    CommandResult gid = Commands.run(List.of("id", "-g", name), QUICK);
    return uid.succeeded() && gid.succeeded()
        ? Optional.of(
            new Account(
                Long.parseLong(uid.output()), Long.parseLong(gid.output()), Optional.of(name)))
        : Optional.empty();
  }

  private static Optional<String> nameOf(long uid) {
    CommandResult name = Commands.run(List.of("id", "-un", Long.toString(uid)), QUICK);
    return name.succeeded() ? Optional.of(name.output()) : Optional.empty();
  }

  private static long ownerId(Path path) {
    return attribute(path, "unix:uid");
  }

  private static long attribute(Path path, String name) {
    try {
      return Integer.toUnsignedLong((Integer) Files.getAttribute(path, name));
    } catch (IOException e) {
      throw Problem.postgresFailed(
              "cannot read the owner of " + path + ": " + e.getMessage(), "Check the path.")
          .causedBy(e);
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
