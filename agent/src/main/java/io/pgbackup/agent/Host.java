package io.pgbackup.agent;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// This machine's name, as a person would recognise it.
public final class Host {
  private Host() {}

  public static String name() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException _) {
      return System.getenv().getOrDefault("HOSTNAME", "unknown host");
    }
  }
}
