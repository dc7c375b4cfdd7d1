package io.pgbackup.crypto;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/// How an OpenPGP message begins (RFC 4880, 4.2 and 5.1): for each recipient a packet that names a
/// key, then the encrypted data.
public final class OpenPgpHead {
  private static final int SESSION_KEY = 1;
  private static final int ENCRYPTED = 9;
  private static final int ENCRYPTED_AND_PROTECTED = 18;
  private static final int VERSION = 3;
  private static final int KEY_ID = 8;

  private final byte[] head;
  private final List<String> recipients = new ArrayList<>();
  private int position;

  private OpenPgpHead(byte[] head) {
    this.head = head;
  }

  /// The key ids, 16 upper-case hexadecimal digits each, all zeros for a hidden one; none where
  /// these bytes do not begin a message to public keys.
  ///
  /// @param head the first bytes of an object
  public static List<String> recipients(byte[] head) {
    OpenPgpHead parser = new OpenPgpHead(head);
    return parser.parse() ? List.copyOf(parser.recipients) : List.of();
  }

  /// @return whether it is a message as far as the bytes go
  private boolean parse() {
    while (position < head.length) {
      int tag = tag(head[position] & 0xFF);
      if (tag == ENCRYPTED || tag == ENCRYPTED_AND_PROTECTED) {
        return !recipients.isEmpty();
      }
      if (tag != SESSION_KEY || !sessionKey()) {
        return false;
      }
    }
    return true;
  }

  private boolean sessionKey() {
    int length = length();
    if (length <= KEY_ID || position + 1 + KEY_ID > head.length || head[position] != VERSION) {
      return false;
    }
    recipients.add(
        HexFormat.of()
            .formatHex(head, position + 1, position + 1 + KEY_ID)
            .toUpperCase(Locale.ROOT));
    position += length;
    return true;
  }

  private static int tag(int header) {
    if ((header & 0x80) == 0) {
      return -1;
    }
    return (header & 0x40) != 0 ? header & 0x3F : (header & 0x3C) >> 2;
  }

  /// Reads a packet's header; the body begins at the position then.
  ///
  /// @return the body's length, -1 for none that a session key has
  private int length() {
    int header = next();
    if ((header & 0x40) == 0) {
      return switch (header & 0x03) {
        case 0 -> next();
        case 1 -> next() << 8 | next();
        default -> -1;
      };
    }
    int first = next();
    if (first < 192) {
      return first;
    }
    return first < 224 ? ((first - 192) << 8) + next() + 192 : -1;
  }

  private int next() {
    return position < head.length ? head[position++] & 0xFF : 0;
  }
}
