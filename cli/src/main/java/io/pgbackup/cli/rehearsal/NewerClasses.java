package io.pgbackup.cli.rehearsal;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.DeadCodeOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Gives classes that were compiled for Java 5 or before, picocli's among them, the version of Java
/// 8, because JDK 25 keeps no older ones in its cache. The code stays as it is; what the newer
/// version wants beside it, the types on the stack at each branch, is worked out. The launcher runs
/// it over the libraries before a rehearsal.
public final class NewerClasses {
  private NewerClasses() {}

  /// @param arguments the folder with the jars
  public static void main(String[] arguments) throws IOException {
    for (Path jar : renew(Path.of(arguments[0]))) {
      System.out.println("newer classes in " + jar);
    }
  }

  /// @return the jars that were changed
  static List<Path> renew(Path folder) throws IOException {
    List<Path> jars;
    try (Stream<Path> files = Files.list(folder)) {
      jars = files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
    List<Path> changed = new ArrayList<>();
    URL[] urls = new URL[jars.size()];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = jars.get(i).toUri().toURL();
    }
    try (var loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      ClassFile classes =
          ClassFile.of(
              ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)),
              DeadCodeOption.PATCH_DEAD_CODE);
      for (Path jar : jars) {
        byte[] newer = newer(jar, classes);
        if (newer.length > 0) {
          Path beside = Files.write(jar.resolveSibling(jar.getFileName() + ".new"), newer);
          Files.move(beside, jar, StandardCopyOption.ATOMIC_MOVE);
          changed.add(jar);
        }
      }
    }
    return changed;
  }

  /// Empty where there is nothing to do, or where a signature would no longer hold.
  private static byte[] newer(Path jar, ClassFile classes) throws IOException {
    try (var zip = new ZipFile(jar.toFile())) {
      List<? extends ZipEntry> entries = Collections.list(zip.entries());
      boolean old = false;
      for (ZipEntry entry : entries) {
        if (entry.getName().startsWith("META-INF/") && entry.getName().endsWith(".SF")) {
          return new byte[0];
        }
        old |= isOld(entry, zip);
      }
      return old ? rewritten(zip, entries, classes) : new byte[0];
    }
  }

  private static byte[] rewritten(ZipFile zip, List<? extends ZipEntry> entries, ClassFile classes)
      throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new ZipOutputStream(bytes)) {
      for (ZipEntry entry : entries) {
        byte[] content = content(entry, zip);
        var copy = new ZipEntry(entry.getName());
        copy.setTime(entry.getTime());
        out.putNextEntry(copy);
        out.write(isOld(entry, zip) ? newer(content, classes) : content);
        out.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] newer(byte[] old, ClassFile classes) {
    ClassModel model = classes.parse(old);
    return classes.build(
        model.thisClass().asSymbol(),
        builder -> {
          builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
          for (ClassElement element : model) {
            switch (element) {
              case ClassFileVersion _ -> {}
              case MethodModel method when method.code().isPresent() ->
                  builder.transformMethod(
                      method, MethodTransform.transformingCode(CodeTransform.ACCEPT_ALL));
              default -> builder.with(element);
            }
          }
        });
  }

  /// By the class file's own word; see chapter 4.1 of the JVM's specification.
  private static boolean isOld(ZipEntry entry, ZipFile zip) throws IOException {
    if (!entry.getName().endsWith(".class")) {
      return false;
    }
    try (var in = new DataInputStream(zip.getInputStream(entry))) {
      in.skipNBytes(Integer.BYTES + Short.BYTES);
      return in.readUnsignedShort() < ClassFile.JAVA_6_VERSION;
    }
  }

  private static byte[] content(ZipEntry entry, ZipFile zip) throws IOException {
    try (var in = zip.getInputStream(entry)) {
      return in.readAllBytes();
    }
  }
}
