package io.pgbackup.archive;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import jdk.net.ExtendedSocketOptions;

/// Who may speak to the agent: the owner of the data directory, the agent's own user, root. The
/// kernel says who the peer is. Users are compared by number, so they need no entry in the
/// container's passwd. Thread-safe.
final class PeerCheck {
  private final Path dataDirectory;
  private final UserPrincipal self;
  private final UserPrincipal root;

  PeerCheck(Path dataDirectory) throws IOException {
    this.dataDirectory = dataDirectory;
    this.self = user(new UnixSystem().getUid());
    this.root = user(0);
  }

  static UserPrincipal user(long uid) throws IOException {
    return FileSystems.getDefault()
        .getUserPrincipalLookupService()
        .lookupPrincipalByName(Long.toString(uid));
  }

  UserPrincipal peer(SocketChannel connection) throws IOException {
    return connection.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
  }

  boolean permits(UserPrincipal peer) {
    return peer.equals(self) || peer.equals(root) || ownsData(peer);
  }

  // asked anew each time: initdb may run, or a volume be mounted, after the agent has started
  private boolean ownsData(UserPrincipal peer) {
    try {
      return peer.equals(Files.getOwner(dataDirectory));
    } catch (IOException _) {
      return false;
    }
  }
}
