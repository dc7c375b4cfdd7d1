package io.pgbackup.telemetry;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/// An object being written, its bytes counted.
final class CountedOutput extends FilterOutputStream {
  private final StoreTraffic traffic;

  CountedOutput(OutputStream out, StoreTraffic traffic) {
    super(out);
    this.traffic = traffic;
  }

  @Override
  public void write(int octet) throws IOException {
    out.write(octet);
    traffic.sent(1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    out.write(bytes, offset, length);
    traffic.sent(length);
  }
}
