package drawbridge.interop;

import java.util.List;

/** What one run of the driver is asked to do: a login and one action. Fields that are not sent are null. */
record Request(
    String host,
    int port,
    String userName,
    String knownHostsFile,
    String password,
    String keyFile,
    /** OpenSSH user certificate of the key. */
    String certificateFile,
    /** Answers to the prompts of keyboard-interactive, in order. */
    List<String> answers,
    /** Key exchange method to insist on. */
    String kex,
    String action,
    List<String> arguments) {}
