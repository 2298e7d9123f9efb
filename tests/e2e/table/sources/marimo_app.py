import marimo

app = marimo.App()


@app.cell
def _():
    crabs = 5
    return (crabs,)


@app.cell
def _(crabs):
    print("claws:", crabs * 2)
    return


if __name__ == "__main__":
    app.run()
