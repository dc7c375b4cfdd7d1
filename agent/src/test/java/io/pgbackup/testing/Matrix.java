package io.pgbackup.testing;

/// Whether the build runs what is too long for every change: Maven's profile `matrix`.
public final class Matrix {
  private Matrix() {}

  public static boolean isOn() {
    return Boolean.getBoolean("test.matrix");
  }
}
