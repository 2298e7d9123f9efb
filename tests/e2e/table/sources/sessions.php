<?php
// A counter and a name in the session.
session_start();
if (isset($_GET["out"])) {
    session_destroy();
    setcookie(session_name(), "", time() - 3600, "/");
    header("Location: /");
    exit;
}
if ($_SERVER["REQUEST_METHOD"] === "POST") {
    session_regenerate_id(true);
    $_SESSION["name"] = $_POST["name"];
    header("Location: " . $_SERVER["REQUEST_URI"], true, 303);
    exit;
}
if ($_SERVER["REQUEST_URI"] !== "/") {
    http_response_code(404);
    exit;
}
$_SESSION["visits"] = ($_SESSION["visits"] ?? 0) + 1;
?><!doctype html><title>Sessions</title><link rel=icon href="data:,"><p>visit <?= $_SESSION["visits"] ?></p>
<?php if (isset($_SESSION["name"])): ?><p>signed in as <?= htmlspecialchars($_SESSION["name"]) ?></p><?php endif ?>
<form method=post><input name=name></form><a id=out href="/?out=1">out</a>
