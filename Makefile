.DEFAULT_GOAL := help
.PHONY: bench-townhall drill-money bench-opening bench-rulebook bench-billing help run test check format lock contracts clean bench-pages

help: ## Ce que l'on peut taper
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: ## Lance Préau avec sa ville de démonstration (PORT=8000)
	@bin/environment run && exec .venv/bin/python -m preau run

test: ## Toute la suite de tests (ARGS="tests/billing -k avoir" pour une partie)
	@bin/environment test && bin/browser && \
	exec .venv/bin/python -m pytest -n auto --dist loadgroup $(ARGS)

bench-opening: ## Le matin de l'ouverture : 5 000 familles, 6 000 places
	@bin/environment test && exec .venv/bin/python bench/opening.py $(ARGS)

check: ## Style, imports, types, gabarits, migrations
	@bin/environment test && exec bin/check

format: ## Met le code au style de la maison
	@bin/environment test && .venv/bin/ruff check --fix -q . ; .venv/bin/ruff format -q .

lock: ## Refait requirements/*.txt à partir des *.in
	@bin/environment test && exec bin/lock

contracts: ## Refait importlinter.toml à partir de la liste des pièces
	@.venv/bin/python -m tests.architecture.contracts

bench-billing: ## Facture une ville et compare avec du SQL écrit à la main
	@bin/environment test && .venv/bin/python bench/billing.py $(ARGS)

clean: ## Retire l'environnement et ce que les tests ont laissé (la base reste)
	@rm -rf .venv var/cache var/test

bench-rulebook: ## Prix d'une ville par le règlement, face au SQL écrit à la main
	@bin/environment test && exec .venv/bin/python bench/rulebook.py $(ARGS)

bench-pages: ## Mesure les pages de tous les jours (ARGS=--quick : la petite ville seule)
	@bin/environment run && exec .venv/bin/python bench/pages.py $(ARGS)

drill-money: ## Tue tout pendant que l'argent arrive, puis compte au centime (ARGS="--kills 20")
	@bin/environment test && exec .venv/bin/python bench/drill_money.py $(ARGS)

bench-townhall: ## Une ville de 50 000 personnes : reprise, recherche, dossier, passage (ARGS="--keep DOSSIER")
	@bin/environment run && exec .venv/bin/python bench/townhall.py $(ARGS)
